// The main way through the page, with real photos going to a real daemon.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { choose, keep, launch, open } from './browser';
import { Daemon, givenURL } from './daemon';
import { drawPhoto, file, realPhotos } from './photos';

describe('the page', () => {
  let browser: Browser;
  let daemon: Daemon | null = null;
  let url: string;
  let drawn: string;

  before(async () => {
    browser = await launch();
    if (!givenURL) daemon = await Daemon.start();
    url = givenURL ?? daemon!.url;
    drawn = await drawPhoto(browser);
  });
  after(async () => {
    await browser?.close();
    await daemon?.close();
  });

  it('shows a photo with outlines and grams beside it, and asks nobody else', async () => {
    const { page, errors, strangers } = await open(browser, url);
    await page.goto('/');
    await choose(page, drawn, '사진 찍기');
    await assertResult(page);
    await keep(page, 'drawn');
    assert.deepEqual(errors, []);
    assert.deepEqual(strangers, []);
  });

  it('weighs real photos', { skip: realPhotos.length === 0 && 'the photos of ../shared/data are not here' }, async (t) => {
    for (const { name, path, found } of realPhotos) {
      await t.test(name, async () => {
        const { page, errors } = await open(browser, url);
        await page.goto('/');
        await choose(page, path);
        await assertResult(page, found);
        await keep(page, `real-${name.replaceAll(' ', '-')}`);
        assert.deepEqual(errors, []);
      });
    }
  });

  it('refuses a file that is no photo in Korean, and takes the next one', async () => {
    const { page } = await open(browser, url);
    await page.goto('/');
    await choose(page, file('menu.jpg', 'this is not a photo'));
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match((await alert.textContent())!, /이 사진은 쓸 수 없습니다.*(JPG|PNG)/);
    assert.equal(await page.getByRole('button', { name: '다시 시도' }).count(), 0);
    await page.getByRole('button', { name: '다른 사진' }).click();
    await choose(page, drawn);
    await assertResult(page);
  });

  it('takes the same photo again after "새 사진"', async () => {
    const { page } = await open(browser, url);
    await page.goto('/');
    for (let round = 0; round < 2; round++) {
      await choose(page, drawn);
      await assertResult(page);
      await page.getByRole('button', { name: '새 사진' }).click();
    }
    assert.equal(await page.getByLabel('사진 고르기').count(), 1);
  });

  it('can be used with the keyboard and follows with the focus', async () => {
    const { page } = await open(browser, url);
    const chooser = page.waitForEvent('filechooser'); // asked for before the page loads: asked for beside the key it may come too late
    await page.goto('/');
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => document.activeElement?.matches('input[type=file][capture]'));
    await page.keyboard.press('Space');
    await (await chooser).setFiles(drawn);
    await assertResult(page);
    await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
  });

  it('tells screen readers how far it is and what came out', async () => {
    const { page } = await open(browser, url);
    await page.goto('/');
    await page.evaluate(() => {
      const said: string[] = [];
      const status = document.querySelector('[role=status]')!;
      new MutationObserver(() => said.push(status.textContent!)).observe(status, { subtree: true, childList: true, characterData: true });
      Object.assign(window, { said });
    });
    await choose(page, drawn);
    await assertResult(page);
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
    assert.match(said[0]!, /보내는 중/);
    assert.match(said.at(-1)!, /음식 \d+가지, 모두 [\d,.]+\sg입니다/);
  });
});

/** Waits for the result and checks that photo, outlines and cards belong together. */
async function assertResult(page: Page, found = true): Promise<void> {
  const nothing = page.getByRole('heading', { name: '음식이 보이지 않습니다' });
  await page.getByRole('heading', { name: /^모두 [\d,.]+\sg$/ }).or(nothing).waitFor();
  if (!found && (await nothing.isVisible())) return;
  const shown = await page.evaluate(() => {
    const photo = document.querySelector<HTMLImageElement>('.photo img')!;
    const overlay = document.querySelector<SVGSVGElement>('.photo svg')!;
    const [left, top, width, height] = [overlay, photo].map((e) => e.getBoundingClientRect()).reduce((a, b) => [
      a.left - b.left, a.top - b.top, a.width - b.width, a.height - b.height,
    ] as never) as unknown as number[];
    const { width: w, height: h } = overlay.viewBox.baseVal;
    const inside = [...overlay.querySelectorAll('polygon')].every((outline) =>
      [...outline.points].every(({ x, y }) => x >= 0 && y >= 0 && x <= w && y <= h),
    );
    return {
      offset: [left, top, width, height],
      size: [w, h],
      natural: [photo.naturalWidth, photo.naturalHeight],
      inside,
      outlines: overlay.querySelectorAll('polygon.line').length,
      cards: [...document.querySelectorAll('.card summary')].map((card) => card.textContent!),
    };
  });
  assert.deepEqual(shown.offset, [0, 0, 0, 0], 'the overlay covers the photo');
  assert.deepEqual(shown.size, shown.natural, 'the overlay speaks of the upright photo’s pixels');
  assert.ok(shown.inside, 'outlines stay on the photo');
  assert.equal(shown.outlines, shown.cards.length);
  assert.ok(shown.cards.length > 0);
  for (const card of shown.cards) assert.match(card, /^\d+\D+[\d,.]+\sg[\d,.]+–[\d,.]+\sg정확도 (높음|보통|낮음) \d+%$/);
}
