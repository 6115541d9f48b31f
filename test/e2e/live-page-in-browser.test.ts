// The live page in a real browser, against a server with made-up answers: every tab, by mouse and by keyboard. Screenshots are in
// .cache/page, to look at.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheSnapshot } from '../../packages/exporter/test/heap-snapshot/snapshot-builder.js';
import { emptySubject, leakingSubject } from '../../packages/exporter/test/page/overview-fixture.js';
import { describeWithPeer } from '../support/peer-test.js';
import { faultsOf, keepScreenshot, startBrowser } from './support/chromium.js';
import { headline, healthy, leaking, NOW, tab, withLivePage } from './support/live-page.js';
import type { Answers } from './support/page-server.js';

const MIB = 1024 * 1024;
const TABS = ['Overview', 'Flame graph', 'Table', 'Callers and callees', 'Difference'];

/** Returns the hash of a page's URL, which may change a moment after a click. */
function hashOf(page: Page): string {
  return new URL(page.url()).hash;
}

describeWithPeer('the live page in Chromium', 'chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(() => browser?.close());

  test('the overview says first who leaks and when the limit is reached', () =>
    withLivePage(browser, healthy([leaking()]), { height: 1000 }, async (page) => {
      await headline(page).waitFor();
      await expect(headline(page).textContent()).resolves.toBe(
        '✖problem: Leak suspect: cacheOrder (cache.js:9:1) grows by 6.0 MiB/min; heap limit in 3 h at this rate.',
      );
      for (const title of ['Leak suspects', 'Resident memory', 'Call sites with most in use', 'Downloads']) {
        await expect(page.getByRole('heading', { name: title }).isVisible()).resolves.toBe(true);
      }
      expect(await page.locator('.chart').count()).toBe(5);
      expect(await page.locator('.u-wrap canvas').count()).toBe(5);
      await expect(page.locator('.charts .wide table').innerText()).resolves.toContain('cgroup limit');
      await keepScreenshot(page, 'live-overview', true);
      await page.locator('.card').getByRole('link', { name: 'cacheOrder' }).click();
      await page.getByRole('heading', { name: 'cacheOrder (/srv/app/cache.js:9:1)' }).waitFor();
      const callers = page.locator('.flame[aria-label^="Callers of"]');
      for (const name of ['cacheOrder', 'route', 'main'])
        expect(await callers.locator(`g[name="${name}"]`).count()).toBe(1);
      await keepScreenshot(page, 'live-suspect');
      await page.goBack();
      const card = page.locator('.card');
      await expect(card.innerText()).resolves.toContain('+6.0 MiB/min');
      await expect(card.innerText()).resolves.toContain('V8 may have inlined functions that it calls');
      await expect(page.locator('.holders').innerText()).resolves.toMatch(
        /heapray retainers \d+ on the machine/,
      );
      await page.getByRole('button', { name: 'Copy command' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      await expect(page.getByRole('columnheader', { name: 'Since the start' }).count()).resolves.toBe(1);
      await expect(page.locator('.small-charts').innerText()).resolves.toMatch(/[\d.]+ [MG]iB\/min/);
    }));

  test('a heap snapshot is taken after consent where the server offers that, and its answer is shown', () => {
    const subject = { ...leaking(), snapshots: true };
    const usual = healthy([subject], 60);
    const plan = {
      format: 'heapray-snapshot-plan',
      version: 1,
      pid: 4242,
      message: 'process 4242 has 10.0 MiB of heap in use. A heap snapshot stops it for 0.4 to 3.7 s',
      confirm: 'good-once',
    };
    const answers: Answers = (url) => {
      if (!url.pathname.endsWith('/debug/heapsnapshot')) return usual(url);
      return { body: url.searchParams.has('confirm') ? `${Buffer.from(cacheSnapshot().bytes())}` : plan };
    };
    return withLivePage(browser, answers, {}, async (page, server) => {
      const panel = page.locator('.holders');
      const press = (name: string) => panel.getByRole('button', { name }).click();
      await press('Who holds it?');
      await panel.getByText('stops it for 0.4 to 3.7 s').waitFor();
      await press('Cancel');
      await press('Who holds it?');
      await press('Take the snapshot');
      const sentence =
        /^100 % of .* in 100 Order objects is reachable only through Map #orders of OrderCache/;
      await panel.getByText(sentence).waitFor();
      expect(server.requests.filter((each) => each.includes('heapsnapshot'))).toEqual([
        '/debug/heapsnapshot',
        '/debug/heapsnapshot',
        '/debug/heapsnapshot?confirm=good-once',
      ]);
      await keepScreenshot(page, 'live-holders');
    });
  });

  test('filters are named beside the total, and can be cleared', () =>
    withLivePage(browser, healthy([leaking()], 60), { hash: '#tab=table&label.age=>1h' }, async (page) => {
      await page.getByText('filtered: age >1h').waitFor();
      await expect(page.locator('.summary').innerText()).resolves.toContain('67.5 MiB');
      expect(await faultsOf(page)).toEqual([]);
      await page.getByRole('button', { name: 'Clear filters' }).click();
      await expect.poll(() => hashOf(page)).toBe('#tab=table');
      await expect(page.locator('.summary').innerText()).resolves.toContain('In use (bytes): 100.0 MiB');
      await expect(page.locator('.filtered').count()).resolves.toBe(0);
    }));

  test('Escape never leaves a tab', () =>
    withLivePage(browser, healthy([leaking()], 60), { hash: '#tab=flame' }, async (page) => {
      await page.locator('.flame').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('cache');
      for (const [name, hash] of [
        ['Overview', 'overview'],
        ['Difference', 'diff'],
        ['Table', 'table'],
        ['Callers and callees', 'sandwich'],
      ] as const) {
        await tab(page, name).click();
        await page.locator('.headline, .profile').first().waitFor();
        await page.keyboard.press('Escape');
        await expect.poll(() => hashOf(page)).toMatch(new RegExp(`^#tab=${hash}(&|$)`));
      }
    }));

  test('what a tab or a link opens is of now', () =>
    withLivePage(browser, healthy([leaking()], 600), { hash: '#tab=flame' }, async (page, server) => {
      await page.clock.install();
      await page.reload();
      const loads = (file: string) => server.requests.filter((each) => each.includes(file)).length;
      await page.getByText(/^collected \d\d:\d\d:\d\d UTC, (\d+ min )?\d+ s ago$/).waitFor();
      const before = loads('profile.json');
      await page.clock.fastForward(48_000);
      await page.getByText(/^collected .* UTC, (4[89] s|5\d s|\d min.*) ago$/).waitFor();
      expect(loads('profile.json')).toBe(before);
      await tab(page, 'Table').click();
      await expect.poll(() => loads('profile.json')).toBe(before + 1);
      await page.locator('tbody tr').first().waitFor();
      await tab(page, 'Difference').click();
      await page.locator('.profile').waitFor();
      await tab(page, 'Overview').click();
      await page.clock.fastForward(48_000);
      await page.locator('.card').getByRole('link', { name: 'cacheOrder' }).click();
      await expect.poll(() => loads('profile.json')).toBe(before + 2);
      await tab(page, 'Difference').click();
      await expect.poll(() => loads('diff.json')).toBe(2);
    }));

  test('the table beside a chart has the values at the cursor, by keyboard, too', () =>
    withLivePage(browser, healthy([leaking()], 60), {}, async (page) => {
      await headline(page).waitFor();
      const caption = page.locator('.charts .wide caption');
      const latest = await caption.textContent();
      expect(latest).toMatch(/^Latest \d\d:\d\d:\d\d UTC$/);
      await page.locator('.charts .wide .plot').focus();
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowLeft');
      await page
        .getByText(/^At \d\d:\d\d:\d\d UTC$/)
        .first()
        .waitFor();
      expect((await caption.textContent())!.slice(3)).not.toBe(latest!.slice(7));
      await page.locator('.charts .wide .u-over').hover({ position: { x: 100, y: 50 } });
      await expect(caption.textContent()).resolves.toMatch(/^At /);
    }));

  test('what a server does not know has no place', () =>
    withLivePage(
      browser,
      healthy([{ ...emptySubject(), leakProgress: 'window 1 of 4', leakState: 'unknown' }]),
      {},
      async (page) => {
        await headline(page).waitFor();
        await expect(page.locator('.headline.unknown').innerText()).resolves.toContain(
          'Too early to tell whether there is a leak: window 1 of 4.',
        );
        await expect(page.locator('h2:visible, h3:visible, .chart:visible').count()).resolves.toBe(0);
        await expect(page.locator('.state').textContent()).resolves.toBe(
          'No samples yet. This page fills by itself.',
        );
        await keepScreenshot(page, 'live-empty');
      },
    ));

  test('new data take neither the focus nor the scroll position', () =>
    withLivePage(browser, healthy([leaking()]), { height: 500 }, async (page, server) => {
      await headline(page).waitFor();
      const link = page.locator('.section').getByRole('link', { name: 'route' });
      await link.scrollIntoViewIfNeeded();
      await link.focus();
      const before = await page.evaluate('scrollY');
      const grown = leaking();
      const sites = grown.sites.map((site) => ({ ...site, inUseBytes: site.inUseBytes + 7 * MIB }));
      server.answer(healthy([{ ...grown, sites }]));
      await page.getByText('8.5 MiB').waitFor();
      expect(await page.evaluate('document.activeElement.textContent')).toBe('route');
      expect(await page.evaluate('scrollY')).toBe(before);
    }));

  test('the URL keeps what is shown, and Back goes one step back', () =>
    withLivePage(browser, healthy([leaking()], 60), {}, async (page, server) => {
      await tab(page, 'Table').click();
      await page.locator('tbody tr').first().waitFor();
      await page.getByLabel('Value').selectOption({ label: 'Allocated (bytes)' });
      await page
        .locator('.control', { hasText: /^package/ })
        .locator('select')
        .selectOption({ label: 'shop' });
      await page.keyboard.press('/');
      await page.keyboard.type('cache');
      const filtered = '#tab=table&value=alloc_space&label.package=shop&search=cache';
      await expect.poll(() => hashOf(page)).toBe(filtered);
      const rows = () => page.locator('tbody tr').allInnerTexts();
      const shown = await rows();
      expect(shown).toHaveLength(1);
      await page.goto('about:blank');
      await page.goBack();
      await page.locator('tbody tr').first().waitFor();
      expect(await rows()).toEqual(shown);
      await page.goBack();
      await page.waitForURL((url) => !url.hash.includes('package'));
      expect((await rows()).length).toBeGreaterThan(1);
      await page.goBack();
      await page.goBack();
      await headline(page).waitFor();
      // The profile was loaded once for each time that the page was opened.
      expect(server.requests.filter((each) => each.includes('profile.json'))).toHaveLength(2);
    }));

  test('the URL keeps the zoom of the flame graph and the order of the table', () =>
    withLivePage(browser, healthy([leaking()], 60), { hash: '#tab=flame' }, async (page) => {
      const all = page.locator('.flame g[name="all"] rect');
      await all.waitFor();
      const frames = page.locator('.flame svg g');
      const count = await frames.count();
      await frames.last().click();
      await page.waitForURL((url) => url.hash.includes('zoom='));
      const zoomed = await frames.count();
      expect(zoomed).toBeLessThan(count);
      await page.reload();
      await all.waitFor();
      expect(await frames.count()).toBe(zoomed);
      await page.keyboard.press('Escape');
      await page.waitForURL((url) => !url.hash.includes('zoom='));
      expect(await frames.count()).toBe(count);
      await tab(page, 'Table').click();
      await page.getByRole('button', { name: 'Total' }).click();
      await page.waitForURL((url) => url.hash.endsWith('order=Total'));
      await page.reload();
      await page.locator('th[aria-sort="descending"]', { hasText: 'Total' }).waitFor();
    }));

  test('frames and rows with few samples are hatched, and say so', () =>
    withLivePage(browser, healthy([leaking()], 60), { hash: '#tab=flame' }, async (page) => {
      await page.locator('.flame g[name="parse"]').click();
      await expect(page.locator('.chosen').textContent()).resolves.toBe(
        'parse · /srv/app/render.js:30:1 · 1.0 MiB ± 724.1 KiB, 1.0% of all · uncertain: few samples',
      );
      const fill = (name: string) => page.locator(`.flame g[name="${name}"] rect`).getAttribute('fill');
      expect(await fill('parse')).toMatch(/^url\(#/);
      await page.keyboard.press('Escape');
      expect(await fill('cacheOrder')).toMatch(/^hsl/);
      await expect(page.locator('.legend').innerText()).resolves.toContain('uncertain');
      await tab(page, 'Table').click();
      const row = page.locator('tbody tr', { hasText: 'cacheOrder' });
      await expect(row.innerText()).resolves.toMatch(/90\.0 MiB.*7\.5%.*>1h 75\.0%.*97%/s);
      expect(await row.locator('.split-bar span').count()).toBe(2);
      expect(await page.locator('tbody tr', { hasText: 'parse' }).locator('.bar.uncertain').count()).toBe(1);
      await keepScreenshot(page, 'live-table');
    }));

  test('other profiles are loaded when chosen, and again on demand', () =>
    withLivePage(browser, healthy([leaking()], 60), { hash: '#tab=flame' }, async (page, server) => {
      await page.locator('.flame').waitFor();
      await page.getByLabel('Profile').selectOption({ label: 'In use at the peak' });
      await page.getByText('Peak (bytes)').first().waitFor();
      await page.getByRole('button', { name: 'Reload' }).click();
      await expect.poll(() => server.requests.filter((each) => each.includes('name=peak')).length).toBe(2);
      await page.getByLabel('Profile').selectOption({ label: 'Change over the next 10 s' });
      await page.getByRole('button', { name: 'Record again' }).waitFor();
      expect(server.requests.at(-1)).toBe('/debug/ui/profile.json?name=heap&seconds=10');
    }));

  test('compares two moments, and two components', () => {
    const [a, b] = ['scheduler', 'worker'].map((name) => ({ ...leakingSubject(name, NOW), component: name }));
    return withLivePage(browser, healthy([a!, b!], 60), { hash: '#tab=diff' }, async (page, server) => {
      await page.locator('.flame').waitFor();
      await expect(page.locator('.summary').textContent()).resolves.toContain('50.0 MiB');
      expect(server.requests.at(-1)).toBe(
        `/debug/ui/diff.json?before=${a!.momentsMillis[1]}&after=now&component=scheduler`,
      );
      const hint = page.getByText('Begins about 5 minutes ago');
      await expect(hint.isVisible()).resolves.toBe(true);
      await keepScreenshot(page, 'live-difference');
      await page.getByLabel('From').selectOption({ index: 2 });
      await expect.poll(() => hint.isVisible()).toBe(false);
      await expect
        .poll(() => server.requests.at(-1))
        .toBe(`/debug/ui/diff.json?before=${a!.momentsMillis[2]}&after=now&component=scheduler`);
      await page.getByLabel('Compare with').selectOption({ label: 'worker' });
      await expect
        .poll(() => server.requests.at(-1))
        .toBe('/debug/ui/diff.json?component=scheduler&other=worker');
      await page.locator('.profile .views').getByRole('button', { name: 'Table' }).click();
      await expect(page.locator('tbody tr').first().innerText()).resolves.toContain('+50.0 MiB');
      // Functions without a change are left out.
      await expect(page.locator('tbody .name > :first-child').allTextContents()).resolves.toEqual([
        'cacheOrder',
        'main',
        'route',
      ]);
      await page.locator('header').getByLabel('Component').selectOption('worker');
      await expect
        .poll(() => server.requests.at(-1))
        .toBe(`/debug/ui/diff.json?before=${b!.momentsMillis[1]}&after=now&component=worker`);
    });
  });

  test('several components have a table, and each its overview', () => {
    const [a, b] = [
      { ...leakingSubject('scheduler', NOW), component: 'scheduler' },
      {
        ...emptySubject('triggerer'),
        component: 'triggerer',
        leakProgress: 'window 4 of 4',
        leakState: 'none' as const,
      },
    ];
    return withLivePage(browser, healthy([a, b], 1), {}, async (page, server) => {
      await headline(page).waitFor();
      await keepScreenshot(page, 'live-components', true);
      await page.locator('.section').getByRole('link', { name: 'triggerer' }).click();
      await page.getByText('No leak suspect.').waitFor();
      server.answer(healthy([a], 1));
      await page.getByText('There is no component triggerer.').waitFor();
      await page.locator('.choices').getByRole('link', { name: 'scheduler' }).click();
      await expect(headline(page).innerText()).resolves.toContain('cacheOrder');
    });
  });

  test('is usable by keyboard alone', () =>
    withLivePage(browser, healthy([leaking()], 60), {}, async (page) => {
      await headline(page).waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Flame graph');
      await page.keyboard.press('Enter');
      await page.locator('.flame').focus();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowDown');
      await page.getByText('main · /srv/app/server.js:1').waitFor();
    }));

  test.each([false, true])('axe-core finds no fault, dark: %s', async (dark) => {
    const [a, b] = ['scheduler', 'worker'].map((name) => ({ ...leakingSubject(name, NOW), component: name }));
    await withLivePage(browser, healthy([a!, b!], 60), { dark }, async (page) => {
      for (const name of TABS) {
        await tab(page, name).click();
        await page.locator('.headline, .profile').first().waitFor();
        expect(await faultsOf(page)).toEqual([]);
        await keepScreenshot(
          page,
          `live-${dark ? 'dark' : 'light'}-${name.split(' ')[0]!.toLowerCase()}`,
          true,
        );
      }
    });
  });

  test('fits a telephone', () => {
    const [a, b] = ['scheduler', 'worker'].map((name) => ({ ...leakingSubject(name, NOW), component: name }));
    return withLivePage(browser, healthy([a!, b!], 60), { width: 375 }, async (page) => {
      for (const name of TABS) {
        await tab(page, name).click();
        await page.locator('.headline, .profile').first().waitFor();
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
        await keepScreenshot(page, `live-telephone-${name.split(' ')[0]!.toLowerCase()}`, true);
      }
      await page.locator('.profile .views').getByRole('button', { name: 'Table' }).click();
      await page.locator('tbody tr').first().waitFor();
      expect(
        await page.evaluate(
          "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.profile .table'))",
        ),
      ).toBe(0);
      await keepScreenshot(page, 'live-telephone-difference-table', true);
      await tab(page, 'Flame graph').click();
      await page.locator('.flame g').first().waitFor();
      const top = async () => (await page.locator('.flame').boundingBox())!.y;
      const before = await top();
      await page.locator('.flame g[name="cacheOrder"]').click();
      await page.getByRole('button', { name: 'Copy stack' }).waitFor();
      expect(await top()).toBe(before);
    });
  });
});
