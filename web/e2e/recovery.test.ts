// When the daemon goes away: what the diner reads, and that nothing acknowledged is lost.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { choose, launch, open } from './browser';
import { Daemon, givenURL } from './daemon';
import { drawPhoto } from './photos';

describe('recovery', { skip: givenURL ? 'needs a daemon of its own; unset FOODMASSD_URL' : false }, () => {
  let browser: Browser;
  let daemon: Daemon;
  let photo: string;

  before(async () => {
    browser = await launch();
    photo = await drawPhoto(browser);
  });
  after(() => browser?.close());
  beforeEach(async () => {
    daemon = await Daemon.start();
  });
  afterEach(() => daemon?.close());

  it('says that the server cannot be reached, and sends the photo when it is back', async () => {
    const { page } = await open(browser, daemon.url);
    await page.goto('/');
    await daemon.kill();
    await choose(page, photo);
    await assertAlert(page, /서버에 연결할 수 없습니다.*와이파이/);
    await daemon.restart();
    await page.getByRole('button', { name: '다시 시도' }).click();
    await finished(page);
  });

  it('waits through a power cut in the middle of the analysis and shows the result by itself', async () => {
    const { page } = await open(browser, daemon.url);
    await sendToStoppedWorker(page, daemon, photo);
    await daemon.kill();
    await page.getByRole('main').getByText('서버와 다시 연결하는 중입니다').waitFor();
    await daemon.restart();
    await finished(page);
  });

  it('gives up after 30 s without a word, and goes on with the same task on demand', async () => {
    const { page } = await open(browser, daemon.url);
    await page.clock.install();
    let uploads = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') uploads++;
    });
    await sendToStoppedWorker(page, daemon, photo);
    daemon.freeze();
    await page.clock.runFor(31_000);
    await assertAlert(page, /서버가 응답하지 않습니다.*30초/);
    daemon.thaw();
    await page.getByRole('button', { name: '다시 시도' }).click();
    await finished(page);
    assert.equal(uploads, 1);
  });

  it('forgets a photo whose analysis the diner cancelled', async () => {
    const { page, errors } = await open(browser, daemon.url);
    await sendToStoppedWorker(page, daemon, photo);
    await page.getByRole('button', { name: '취소' }).click();
    daemon.thaw();
    await choose(page, photo);
    await finished(page);
    assert.deepEqual(errors, []);
  });
});

/** Sends a photo whose analysis cannot end, and returns once the server has acknowledged it. */
async function sendToStoppedWorker(page: Page, daemon: Daemon, photo: string): Promise<void> {
  await page.goto('/');
  daemon.freezeWorkers();
  const accepted = page.waitForResponse((response) => response.url().endsWith('/upload/') && response.ok());
  const watched = page.waitForEvent('websocket');
  await choose(page, photo);
  await accepted;
  await (await watched).waitForEvent('framereceived');
}

async function assertAlert(page: Page, text: RegExp): Promise<void> {
  const alert = page.getByRole('alert');
  await alert.waitFor();
  assert.match((await alert.textContent())!, text);
}

async function finished(page: Page): Promise<void> {
  await page.getByRole('heading', { name: /^모두 [\d,.]+\sg$/ }).waitFor();
}
