// The live page in a real browser while something is slow, missing or broken.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptySubject, leakingSubject } from '../../packages/exporter/test/page/overview-fixture.js';
import { describeWithPeer } from '../support/peer-test.js';
import { faultsOf, framesOf, keepScreenshot, startBrowser } from './support/chromium.js';
import { headline, healthy, leaking, NOW, tab, withLivePage } from './support/live-page.js';
import type { Answers } from './support/page-server.js';

/** Hides the page from the user, or shows it again. */
function setHidden(page: Page, isHidden: boolean): Promise<unknown> {
  return page.evaluate(
    `Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));`,
  );
}

describeWithPeer('the states of the live page', 'chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser?.close());

  test('a recording shows its progress', () => {
    const answers = healthy([leaking()], 60);
    const slow: Answers = (url) => (url.searchParams.has('seconds') ? new Promise(() => {}) : answers(url));
    return withLivePage(browser, slow, { hash: '#tab=flame&profile=next60' }, async (page) => {
      await page.getByText('Recording for 60 s').waitFor();
      await expect
        .poll(() => page.locator('progress').evaluate((shown) => (shown as { value?: number }).value))
        .toBeGreaterThan(0);
      expect(await faultsOf(page)).toEqual([]);
      await keepScreenshot(page, 'live-recording');
    });
  });

  test('there is nothing to compare at first', () =>
    withLivePage(browser, healthy([emptySubject()], 60), { hash: '#tab=diff' }, async (page) => {
      await page.getByText('There is nothing to compare with yet.').waitFor();
    }));

  test('a busy server is asked again after the time that it gives', () => {
    const refusals: number[] = [];
    const answers = healthy([leaking()], 60);
    const busy: Answers = (url) => {
      if (!url.pathname.endsWith('profile.json')) return answers(url);
      const status = refusals.length % 2 === 0 ? 429 : 503;
      refusals.push(status);
      return { status, retryAfter: '1', body: 'too many requests: one at a time' };
    };
    return withLivePage(browser, busy, { hash: '#tab=flame', mayFail: true }, async (page, server) => {
      await page.getByText('No profile: too many requests: one at a time').waitFor();
      await page.getByText(/Trying again in \d s/).waitFor();
      await keepScreenshot(page, 'live-busy');
      await expect.poll(() => refusals).toEqual(expect.arrayContaining([429, 503]));
      server.answer(answers);
      await page.locator('.flame').waitFor();
    });
  });

  test('an error has the line of the server, and can be tried again', () => {
    const answers = healthy([leaking()], 60);
    const failing: Answers = (url) =>
      url.pathname.endsWith('profile.json')
        ? { status: 404, body: 'component: shop has ended' }
        : answers(url);
    return withLivePage(browser, failing, { hash: '#tab=flame', mayFail: true }, async (page, server) => {
      await page.getByText('No profile: component: shop has ended').waitFor();
      expect(await faultsOf(page)).toEqual([]);
      await keepScreenshot(page, 'live-error');
      server.answer(answers);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('.flame').waitFor();
      server.answer(() => ({ body: '{}' }));
      await page.getByRole('button', { name: 'Reload' }).click();
      await page.getByText('the data cannot be read: it is not data of heapray').waitFor();
      // The last profile stays visible.
      expect(await framesOf(page)).toContain('cacheOrder');
    });
  });

  test('says when the process has gone, keeps what it has, and notices another process', () =>
    withLivePage(browser, healthy([leaking()]), { mayFail: true }, async (page, server) => {
      await tab(page, 'Flame graph').click();
      await page.locator('.flame').waitFor();
      await server.stop();
      await page.getByText('The process has gone, or cannot be reached.').waitFor();
      expect(await framesOf(page)).toContain('cacheOrder');
      await tab(page, 'Overview').click();
      await expect(headline(page).innerText()).resolves.toContain('cacheOrder');
      expect(await faultsOf(page)).toEqual([]);
      await keepScreenshot(page, 'live-gone');
      server.answer(healthy([leakingSubject('shop', NOW, 9999)]));
      // A hidden page asks only when told to; otherwise it could ask by itself before the click, and the button would be gone.
      await setHidden(page, true);
      await server.start();
      await page.getByRole('button', { name: 'Try now' }).click();
      await page.getByText('shop has restarted: it is now process 9999, and was process 4242.').waitFor();
      await setHidden(page, false);
      await expect(page.getByText('The process has gone').count()).resolves.toBe(0);
      await tab(page, 'Flame graph').click();
      await page.getByText('This profile is of the process before it has restarted.').waitFor();
      await page.getByRole('button', { name: 'Reload' }).click();
      await expect.poll(() => page.locator('.load-note:visible').count()).toBe(0);
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await expect(page.locator('.banner').count()).resolves.toBe(0);
    }));

  test('asks for nothing while nobody sees the page', () =>
    withLivePage(browser, healthy([leaking()], 5), {}, async (page, server) => {
      await headline(page).waitFor();
      await page.clock.install();
      await page.reload();
      await headline(page).waitFor();
      const asked = server.requests.length;
      await setHidden(page, true);
      await page.clock.runFor(60_000);
      expect(server.requests).toHaveLength(asked);
      await setHidden(page, false);
      await expect.poll(() => server.requests.length).toBe(asked + 1);
    }));

  test('says when there was no answer yet', () => {
    const refusing: Answers = () => ({ status: 500, body: 'the profiler has ended' });
    return withLivePage(browser, refusing, { mayFail: true }, async (page, server) => {
      await page.getByText('The server cannot answer: the profiler has ended.').waitFor();
      server.answer(healthy([leaking()]));
      await page.getByRole('button', { name: 'Try now' }).click();
      await headline(page).waitFor();
    });
  });
});
