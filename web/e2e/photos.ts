// Photos to upload: one drawn here, so that the tests need nothing else, and real ones where they are.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

const OUT = '.cache/photos';
const DATA = '../../shared/data';

/**
 * Real photos, each with a name for the test; empty where the data is not at hand. Every one gets a
 * result; on the phone's a hamburger and a wrapped biscuit, unlike anything learnt, may go unnoticed.
 */
export const realPhotos = [
  { name: 'an apple with a coin', path: `${DATA}/ecustfd/images/apple001-top-01.jpg`, found: true },
  { name: 'a turned phone photo', path: `${DATA}/phone/01.jpg`, found: false },
  { name: 'a small phone photo', path: `${DATA}/phone/02.jpg`, found: false },
].filter(({ path }) => existsSync(path));

/** Writes a file with this content where an upload can find it. */
export function file(name: string, content: string | Buffer): string {
  mkdirSync(OUT, { recursive: true });
  const path = join(OUT, name);
  writeFileSync(path, content);
  return path;
}

/** Draws a plate with two fruits and a coin beside it, as a JPEG of this size. */
export async function drawPhoto(browser: Browser, width = 816, height = 612): Promise<string> {
  const page = await browser.newPage();
  const dataURL = await page.evaluate(draw, { width, height });
  await page.close();
  return file(`drawn-${width}x${height}.jpg`, Buffer.from(dataURL.split(',')[1]!, 'base64'));
}

/** Runs in the browser: a table, a white plate, an orange, an apple, a coin beside it, lit from the upper left. */
function draw({ width, height }: { width: number; height: number }): string {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const pen = canvas.getContext('2d')!;
  const unit = Math.min(width, height) / 600;
  const ball = (x: number, y: number, r: number, light: string, body: string, dark: string) => {
    pen.save();
    pen.shadowColor = 'rgba(0,0,0,.45)';
    pen.shadowBlur = r / 4;
    pen.shadowOffsetX = pen.shadowOffsetY = r / 10;
    const shade = pen.createRadialGradient(x - r / 3, y - r / 3, r / 10, x, y, r);
    shade.addColorStop(0, light);
    shade.addColorStop(0.5, body);
    shade.addColorStop(1, dark);
    pen.fillStyle = shade;
    pen.beginPath();
    pen.arc(x, y, r, 0, 2 * Math.PI);
    pen.fill();
    pen.restore();
  };
  const coin = (x: number, y: number, r: number) => {
    ball(x, y, r, '#cfd0cd', '#bdbebb', '#a7a8a5');
    pen.strokeStyle = '#8b8c88';
    pen.lineWidth = r / 14;
    for (const [radius, from, to] of [[0.86, 0, 7], [0.5, 3.6, 6.2], [0.5, 0.4, 2.6], [0.22, 0, 7]] as const) {
      pen.beginPath();
      pen.arc(x, y, r * radius, from, to);
      pen.stroke();
    }
  };
  pen.fillStyle = '#b9a184';
  pen.fillRect(0, 0, width, height);
  const [x, y] = [width / 2, height / 2];
  ball(x, y, 250 * unit, '#fff', '#f4f4f2', '#dcdcd8');
  ball(x, y, 170 * unit, '#fafafa', '#f1f1ee', '#e4e4e0');
  ball(x - 75 * unit, y - 10 * unit, 82 * unit, '#ffc56b', '#f0922b', '#b65d0c');
  ball(x + 90 * unit, y + 25 * unit, 76 * unit, '#f58a77', '#c8302c', '#7c1518');
  coin(x + 235 * unit, y + 245 * unit, 30 * unit);
  const pixels = pen.getImageData(0, 0, width, height);
  let seed = 1; // the same grain each time
  for (let i = 0; i < pixels.data.length; i++) {
    seed = (seed * 48271) % 2147483647;
    if (i % 4 !== 3) pixels.data[i]! += (seed % 13) - 6;
  }
  pen.putImageData(pixels, 0, 0);
  return canvas.toDataURL('image/jpeg', 0.9);
}
