// A real Chromium, and pages that remember what they should not have done.
import { mkdirSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const SIZES = {
  kiosk: { width: 1024, height: 600 },
  'kiosk-large': { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

/** Starts Debian's Chromium (or $CHROMIUM) with a fresh profile. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
}

/** A page and its misdeeds so far: errors on the console and requests to other hosts. */
export interface WatchedPage {
  page: Page;
  errors: string[];
  strangers: string[];
}

/** Opens a page of the daemon in a browser context of its own. */
export async function open(browser: Browser, baseURL: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: SIZES.kiosk, locale: 'ko-KR', baseURL, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  const strangers: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  const host = new URL(baseURL).host;
  const check = (url: string) => {
    if (/^(https?|wss?):/.test(url) && new URL(url).host !== host) strangers.push(url);
  };
  page.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => check(socket.url()));
  return { page, errors, strangers };
}

/** Chooses a file with the button of this name, as a diner does. */
export async function choose(page: Page, path: string, button = '사진 고르기'): Promise<void> {
  await page.getByLabel(button).setInputFiles(path);
}

/** Keeps a picture of the page for people to look at. */
export async function keep(page: Page, name: string): Promise<void> {
  mkdirSync('e2e/artifacts', { recursive: true });
  await page.screenshot({ path: `e2e/artifacts/${name}.png` });
}
