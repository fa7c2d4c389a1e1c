// Every view at the sizes of kiosk and phone: nothing sticks out sideways, nothing needed is out of
// sight. The pictures stay in e2e/artifacts for looking at.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import type { Result } from '../src/wire';
import { choose, keep, launch, open, SIZES } from './browser';
import { Daemon, givenURL } from './daemon';
import { result } from './outcomes';
import { drawPhoto, file } from './photos';

describe('layout', () => {
  let browser: Browser;
  let daemon: Daemon | null = null;
  let url: string;
  let landscape: string;
  let portrait: string;

  before(async () => {
    browser = await launch();
    if (!givenURL) daemon = await Daemon.start();
    url = givenURL ?? daemon!.url;
    landscape = await drawPhoto(browser);
    portrait = await drawPhoto(browser, 612, 816);
  });
  after(async () => {
    await browser?.close();
    await daemon?.close();
  });

  const views: { name: string; show: (page: Page) => Promise<unknown> }[] = [
    { name: 'idle', show: (page) => page.goto('/') },
    {
      name: 'working',
      show: (page) => {
        const update = { status: 'processing', progress: 0.6, message: '음식 2개의 무게를 계산하는 중입니다…' };
        return analyse(page, landscape, 'task.update', update, '음식 2개의 무게');
      },
    },
    { name: 'working-portrait', show: (page) => analyse(page, portrait, 'task.update', { status: 'pending', progress: 0, message: '대기 순서 3번째입니다.' }, '대기 순서') },
    { name: 'done-0', show: (page) => finish(page, landscape, result(0)) },
    { name: 'done-1', show: (page) => finish(page, landscape, result(1)) },
    { name: 'done-3', show: (page) => finish(page, landscape, result(3)) },
    { name: 'done-3-unscaled', show: (page) => finish(page, landscape, result(3, { scaled: false })) },
    { name: 'done-3-portrait', show: (page) => finish(page, portrait, result(3, { portrait: true })) },
    {
      name: 'done-8-unfolded',
      show: async (page) => {
        await finish(page, landscape, result(8));
        await page.getByText('돼지고기김치찌개').first().click();
      },
    },
    {
      name: 'problem-failed',
      show: (page) => {
        const data = { status: 'failed', error: '이미지 처리 중 오류가 발생했습니다.', message: '분석하지 못했습니다.' };
        return analyse(page, portrait, 'task.failed', data, '분석하지 못했습니다');
      },
    },
    {
      name: 'problem-rejected',
      show: async (page) => {
        await page.goto('/');
        await choose(page, file('note.jpg', '사진이 아닙니다'));
        await page.getByText('이 사진은 쓸 수 없습니다').waitFor();
      },
    },
    {
      name: 'problem-busy',
      show: async (page) => {
        const busy = { success: false, error: '지금 요청이 많습니다. 잠시 후 다시 시도해 주세요.', code: 'queue_full' };
        await page.route('**/upload/', (route) => route.fulfill({ status: 503, headers: { 'Retry-After': '12' }, json: busy }));
        await page.goto('/');
        await choose(page, landscape);
        await page.getByText('지금은 조금 바쁩니다').waitFor();
      },
    },
  ];

  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const { name, show } of views) {
      it(`${name} fits ${size}`, async () => {
        const { page } = await open(browser, url, { viewport, reducedMotion: 'reduce' });
        await show(page);
        await keep(page, `${name}-${size}`);
        assert.deepEqual(await stickingOut(page), []);
        await assertTouchable(page);
        await page.context().close();
      });
    }
  }
});

/** Uploads for real, but lets the test say what comes over the WebSocket; waits for the text. */
async function analyse(page: Page, photo: string, type: string, data: object, text: string): Promise<void> {
  await page.routeWebSocket(/\/ws\/task\//, (socket: WebSocketRoute) => {
    socket.send(JSON.stringify({ type, task_id: 'made-up', data }));
  });
  await page.goto('/');
  await choose(page, photo);
  await page.getByRole('main').getByText(text).first().waitFor();
}

function finish(page: Page, photo: string, made: Result): Promise<void> {
  const empty = made.mass_estimation.foods.length === 0;
  const message = empty ? '음식을 찾지 못했습니다. 음식이 잘 보이도록 다시 찍어 주세요.' : '음식 분석이 완료되었습니다.';
  const data = { status: 'completed', progress: 1, result: made, message };
  return analyse(page, photo, 'task.completed', data, empty ? '음식이 보이지 않습니다' : '모두');
}

/** What reaches beyond the left or right edge, and whether the page scrolls sideways. */
function stickingOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const out = [...document.querySelectorAll('main *:not(svg *), header *')].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 1 && (box.left < -0.5 || box.right > width + 0.5);
    });
    const names = out.map((element) => `${element.tagName}.${element.className}`);
    if (document.documentElement.scrollWidth > width) names.push('the page scrolls sideways');
    return names;
  });
}

/** Buttons are for fingers, and the ones a view starts with are in sight without scrolling. */
async function assertTouchable(page: Page): Promise<void> {
  for (const button of await page.locator('.button').all()) {
    const box = (await button.boundingBox())!;
    assert.ok(box.height >= 56, `${await button.textContent()} is ${box.height} px high`);
    assert.ok(box.y + box.height <= page.viewportSize()!.height, `${await button.textContent()} is out of sight`);
  }
}
