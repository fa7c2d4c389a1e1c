// The line that shows the kiosk's diners what the scale says, and nobody else.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import { choose, keep, launch, open, SIZES, type WatchedPage } from './browser';
import { Daemon, givenURL } from './daemon';
import { drawPhoto } from './photos';

const COUNTER = /\/counter\//;
const EMPTY = /^저울 -?\d\.\d\sg$/;
const LOADED = /^저울 \d{3}\.\d\sg$/;
const LONGEST = '저울 영점을 다시 맞춰야 합니다. 직원에게 알려 주세요.';

describe('the scale’s line', { skip: givenURL ? 'needs daemons of its own; unset FOODMASSD_URL' : false }, () => {
  let browser: Browser;
  let weighing: Daemon;
  let without: Daemon;
  let photo: string;

  before(async () => {
    browser = await launch();
    [weighing, without] = await Promise.all([Daemon.start('--scale', 'simulated'), Daemon.start()]);
    photo = await drawPhoto(browser);
  });
  after(async () => {
    await browser?.close();
    await Promise.all([weighing?.close(), without?.close()]);
  });

  it('shows grams that change with the load', async () => {
    const { page, errors } = await open(browser, weighing.url);
    await page.goto('/');
    const line = page.locator('.invite .scale');
    await line.filter({ hasText: EMPTY }).waitFor();
    await line.filter({ hasText: LOADED }).waitFor();
    assert.equal(await line.getAttribute('aria-live'), 'off');
    await keep(page, 'scale-kiosk');
    assert.deepEqual(errors, []);
  });

  it('empties its place while the daemon is silent or away, and comes back by itself', async () => {
    const daemon = await Daemon.start('--scale', 'simulated');
    try {
      const { page } = await open(browser, daemon.url);
      await page.clock.install();
      await page.goto('/');
      const speaking = page.locator('.scale').filter({ hasText: '저울' });
      const empty = page.locator('.scale').filter({ hasText: /^$/ });
      await speaking.waitFor();
      daemon.freeze();
      await page.clock.runFor(13_000);
      await empty.waitFor();
      daemon.thaw();
      await speaking.waitFor();
      await daemon.kill();
      await empty.waitFor();
      await daemon.restart();
      await speaking.waitFor();
    } finally {
      await daemon.close();
    }
  });

  it('moves nothing around it, whatever it says', async () => {
    const { page } = await open(browser, weighing.url);
    const say = await puppet(page);
    await page.goto('/');
    for (const view of ['idle', 'working']) {
      if (view === 'working') await work(page, photo);
      const places = [];
      for (const [state, netG, text] of [
        ['stable', 9.5, '저울 9.5'],
        ['stable', 1412.5, '저울 1,412.5'],
        ['settling', null, '안정되는 중'],
        ['reversed', null, LONGEST],
      ] as const) {
        await say(state, netG);
        await page.locator('.scale').filter({ hasText: text }).waitFor();
        await keep(page, `scale-${view}-${state}`);
        places.push(await page.locator('main .button').first().boundingBox());
      }
      for (const place of places) assert.deepEqual(place, places[0], view);
      assert.ok(await inSight(page), `${view}: the line is out of sight`);
    }
  });

  it('is not there without a scale, which is no error and opens no connection', async () => {
    const watched = await open(browser, without.url);
    const asked = counterRequests(watched);
    const answer = watched.page.waitForResponse(COUNTER);
    await watched.page.goto('/');
    await (await answer).finished();
    await finish(watched.page, photo);
    assert.deepEqual(asked, [`${without.url}/mlserver/api/counter/`]);
    assert.deepEqual(watched.errors, []);
  });

  it('is not there on a phone, whose page does not even ask', async () => {
    // Chromium itself finds every name under localhost on this machine; to the page it is another host.
    const phoneURL = weighing.url.replace('127.0.0.1', 'foodmass.localhost');
    const watched = await open(browser, phoneURL, { viewport: SIZES.phone });
    const asked = counterRequests(watched);
    await watched.page.goto('/');
    await keep(watched.page, 'scale-phone');
    await finish(watched.page, photo);
    assert.deepEqual(asked, []);
    assert.deepEqual(watched.errors, []);
  });
});

/** What a page asks of the counter from now on. */
function counterRequests({ page }: WatchedPage): string[] {
  const asked: string[] = [];
  const note = (url: string) => {
    if (COUNTER.test(url)) asked.push(url);
  };
  page.on('request', (request) => note(request.url()));
  page.on('websocket', (socket) => note(socket.url()));
  return asked;
}

/** Speaks in the scale's place over the counter's WebSocket. */
async function puppet(page: Page): Promise<(state: string, netG: number | null) => Promise<void>> {
  let connected: (socket: WebSocketRoute) => void;
  const socket = new Promise<WebSocketRoute>((resolve) => (connected = resolve));
  await page.routeWebSocket(/\/ws\/counter\//, (route) => connected(route));
  return async (state, netG) => {
    const update = { type: 'counter.update', scale: { state, net_g: netG }, camera: null, task_id: null, message: '' };
    (await socket).send(JSON.stringify(update));
  };
}

/** Brings the page to the working view and keeps it there. */
async function work(page: Page, photo: string): Promise<void> {
  await page.routeWebSocket(/\/ws\/task\//, (socket) => {
    const data = { status: 'processing', progress: 0.6, message: '음식의 무게를 계산하는 중입니다…' };
    socket.send(JSON.stringify({ type: 'task.update', task_id: 'made-up', data }));
  });
  await choose(page, photo);
  await page.getByRole('main').getByText('음식의 무게를').waitFor();
  await page.locator('.preview').waitFor();
}

/** Sends a photo; until its result is there no view has shown a scale. */
async function finish(page: Page, photo: string): Promise<void> {
  assert.equal(await page.locator('.scale').count(), 0);
  await choose(page, photo);
  await page.locator('.steps').waitFor();
  assert.equal(await page.locator('.scale').count(), 0);
  await page.getByRole('heading', { name: /^모두 [\d,.]+\sg$/ }).waitFor();
}

function inSight(page: Page): Promise<boolean> {
  return page.locator('.scale').evaluate((line) => line.getBoundingClientRect().bottom <= innerHeight);
}
