// The JavaScript of the app's guide, unchanged but for host and port, in a page of the daemon: every
// block of it runs, and the last ones show a result.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launch, open } from './browser';
import { Daemon, givenURL } from './daemon';
import { drawPhoto, realPhotos } from './photos';

const GUIDE = process.env.API_GUIDE ?? '../internal/api/testdata/api-guide.md';

/** What the page that uses the guide's code has to hold. */
const ELEMENTS = `
  <input id="fileInput" type="file">
  <div id="progress-bar"></div>
  <div id="result-container"></div>`;

/** What an app does with the guide's parts, as the comments in it say: progress bar and result card. */
const WIRING = `
  const { updateProgress, showResult } = app;
  window.shown = { widths: [], result: null };
  app.updateProgress = (data) => {
    updateProgress.call(app, data);
    updateProgressBar(data.progress);
    shown.widths.push(document.getElementById('progress-bar').style.width);
  };
  app.showResult = (result) => {
    showResult.call(app, result);
    displayResultCard(result);
    shown.result = result;
  };`;

interface Shown {
  widths: string[];
  result: { mass_estimation: { foods: { food_name: string; estimated_mass_g: number; confidence: number }[]; total_mass_g: number } };
}

describe('the guide’s own client', () => {
  let browser: Browser;
  let daemon: Daemon | null = null;
  let url: string;
  let drawn: string;
  let blocks: string[];

  before(async () => {
    assert.ok(existsSync(GUIDE), `${GUIDE} is missing`);
    browser = await launch();
    if (!givenURL) daemon = await Daemon.start();
    url = givenURL ?? daemon!.url;
    drawn = await drawPhoto(browser);
    blocks = javascriptBlocks(readFileSync(GUIDE, 'utf8'), new URL(url).host);
  });
  after(async () => {
    await browser?.close();
    await daemon?.close();
  });

  it('has the blocks that are run here', () => {
    const marks = ['async function uploadImage', 'class FoodEstimationWebSocket', 'class FoodCalorieApp', 'function updateProgressBar', 'function displayResultCard'];
    assert.equal(blocks.length, marks.length);
    marks.forEach((mark, i) => assert.ok(blocks[i]!.startsWith(mark), `block ${i + 1} begins with ${mark}`));
  });

  it('shows the result of a drawn photo', async () => {
    await runGuide(await guidePage(browser, url), blocks, drawn);
  });

  it('shows the result of real photos', { skip: realPhotos.length === 0 && 'the photos of ../shared/data are not here' }, async (t) => {
    for (const { name, path, found } of realPhotos) {
      await t.test(name, async () => runGuide(await guidePage(browser, url), blocks, path, found));
    }
  });
});

/** Runs all blocks in their order: the first two work on one upload, the app of the others on the next. */
async function runGuide(page: Page, blocks: string[], photo: string, found = true): Promise<void> {
  const logs = new Logs(page);
  const [uploadExample, socketExample, ...app] = blocks;
  await page.setInputFiles('#fileInput', photo);
  const answer = page.waitForResponse(/\/upload\/$/);
  await page.addScriptTag({ content: uploadExample!, type: 'module' }); // it awaits at top level
  const { data } = await (await answer).json();
  assert.equal(data.filename, basename(photo));

  await page.evaluate((taskId) => Object.assign(window, { taskId }), data.task_id); // the module's own constant
  await page.addScriptTag({ content: socketExample! });
  await logs.saw(/^분석 완료:/);
  await logs.saw(/^WebSocket 연결 해제됨/);

  for (const block of app) await page.addScriptTag({ content: block });
  await page.addScriptTag({ content: WIRING });
  await page.setInputFiles('#fileInput', []); // the same file again is no change
  await page.setInputFiles('#fileInput', photo);
  await page.waitForFunction(() => (window as unknown as { shown: Shown }).shown.result);
  await assertShown(page, logs, found);
  assert.deepEqual(logs.errors, []);
  await page.context().close();
}

async function assertShown(page: Page, logs: Logs, found: boolean): Promise<void> {
  const { widths, result } = await page.evaluate(() => (window as unknown as { shown: Shown }).shown);
  const percents = widths.map(parseFloat);
  assert.ok(percents.every((percent, i) => percent >= (percents[i - 1] ?? 0) && percent < 100), `${widths}`);
  const { foods, total_mass_g: totalG } = result.mass_estimation;
  if (found) assert.ok(foods.length > 0, 'no food was found');
  await logs.saw(new RegExp(`^총 질량: ${totalG}g$`));
  const card = await page.locator('#result-container .result-card').innerText();
  assert.ok(card.includes(`총 질량: ${totalG}g`), card);
  for (const { food_name, estimated_mass_g, confidence } of foods) {
    assert.ok(card.includes(`${food_name}: ${estimated_mass_g}g (${(confidence * 100).toFixed(1)}%)`), card);
  }
}

/** A page with the daemon's origin and the elements that the guide's code looks for. */
async function guidePage(browser: Browser, url: string): Promise<Page> {
  const { page } = await open(browser, url, { bypassCSP: true }); // the guide's code is inlined here
  await page.goto('/');
  await page.setContent(ELEMENTS);
  return page;
}

function javascriptBlocks(markdown: string, host: string): string[] {
  return [...markdown.matchAll(/^```javascript\r?\n([^]*?)^```/gm)].map(([, code]) => code!.replaceAll('localhost:8000', host));
}

/** What the page says on its console, and what goes wrong in it. */
class Logs {
  readonly errors: string[] = [];
  private readonly lines: string[] = [];

  constructor(private readonly page: Page) {
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      this.lines.push(message.text());
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  /** Waits until a line of this kind has been said. */
  async saw(text: RegExp): Promise<void> {
    if (this.lines.some((line) => text.test(line))) return;
    await this.page.waitForEvent('console', (message) => text.test(message.text()));
  }
}
