// The page in a real browser, opened as a file: every control, by mouse and by keyboard, and what must not happen. Screenshots are
// in .cache/page, to look at.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { makePageData, pageHtml } from '@heapray/exporter/page';
import { encodePprof } from '@heapray/exporter/pprof';
import { type Profile, ProfileBuilder, subtractProfiles } from '@heapray/exporter/profile';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { heapray } from '../../packages/cli/test/support/heapray.js';
import { describeWithPeer } from '../support/peer-test.js';
import { tempFolder } from '../support/temp-folder.js';
import {
  faultsOf,
  framesOf,
  keepScreenshot,
  type PageSettings,
  startBrowser,
  watchedPage,
} from './support/chromium.js';

const HOSTILE = '</script><img src=x onerror=alert(1)>';

/** Returns a profile of a shop whose cache has `cached` bytes. */
function shop(cached: number): Profile {
  const builder = new ProfileBuilder({
    columns: [
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    defaultColumn: 'inuse_space',
    timeNanos: 1_700_000_000_000_000_000n,
    durationNanos: 0n,
  });
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/server.js', 1));
  const route = builder.stack(main, builder.frame('route', '/srv/app/node_modules/router/index.js', 5));
  const cache = builder.stack(route, builder.frame('cacheOrder', '/srv/app/cache.js', 9));
  const render = builder.stack(main, builder.frame('render', '/srv/app/render.js', 3));
  const hostile = builder.stack(main, builder.frame(HOSTILE, HOSTILE, 1));
  const labels = (name: string) => builder.labels({ package: name });
  builder.add(cache, [4 * cached, cached], labels('shop'));
  builder.add(render, [8 * 1024 * 1024, 1024 * 1024], labels('shop'));
  builder.add(hostile, [1024 * 1024, 1024 * 1024], labels(HOSTILE));
  return builder.build();
}

describeWithPeer('the page in Chromium', 'chromium', () => {
  let browser: Browser;
  const folder = tempFolder();
  const file = (name: string): string => path.join(folder, name);

  beforeAll(async () => {
    writeFileSync(file('old.pb'), encodePprof(shop(2 * 1024 * 1024)));
    writeFileSync(file('new.pb'), encodePprof(shop(6 * 1024 * 1024)));
    const one = await heapray(['flamegraph', file('old.pb'), '-o', file('one.html')]);
    const two = await heapray(['flamegraph', file('old.pb'), file('new.pb'), '-o', file('diff.html')]);
    expect([one.status, two.status]).toEqual([0, 0]);
    browser = await startBrowser();
  });

  afterAll(() => browser?.close());

  /** Opens a file, and checks at the end that nothing was requested, logged, thrown or asked. */
  async function withPage(
    name: string,
    settings: PageSettings,
    visit: (page: Page) => Promise<void>,
  ): Promise<void> {
    const url = pathToFileURL(file(name)).href;
    const { page, events } = await watchedPage(browser, settings, (requested) => requested === url);
    await page.goto(url);
    await visit(page);
    expect(events).toEqual([]);
    await page.close();
  }

  test('draws every frame, zooms, and tells of the chosen one', () =>
    withPage('one.html', {}, async (page) => {
      expect((await framesOf(page)).sort()).toEqual(
        ['all', 'main', 'route', 'cacheOrder', 'render', HOSTILE].sort(),
      );
      await expect(page.locator('.summary').textContent()).resolves.toContain('In use (bytes): 4.0 MiB');
      await page.locator('.flame g[name="render"]').click();
      await expect(page.locator('.chosen').textContent()).resolves.toBe(
        'render · /srv/app/render.js:3 · 1.0 MiB, 25.0% of all',
      );
      expect((await framesOf(page)).sort()).toEqual(['all', 'main', 'render']);
      const width = await page.locator('.flame g[name="render"] rect').getAttribute('width');
      expect(Number(width)).toBeGreaterThan(1100);
      await keepScreenshot(page, 'zoomed');
      await page.getByRole('button', { name: 'Copy stack' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.press('Control+V');
      await expect(page.locator('input[type="search"]').inputValue()).resolves.toMatch(
        /^render \(\/srv\/app\/render\.js:3\).*main \(\/srv\/app\/server\.js:1\)$/,
      );
      await page.keyboard.press('Escape');
      expect(await framesOf(page)).toHaveLength(6);
    }));

  test('searches, switches the column, filters, inverts, and leaves out packages', () =>
    withPage('one.html', {}, async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('cacheorder');
      await expect(page.locator('.matched').textContent()).resolves.toBe('matched: 50.0%');
      await page.getByLabel('Value').selectOption({ label: 'Allocated (bytes)' });
      await expect(page.locator('.matched').textContent()).resolves.toBe('matched: 47.1%');
      await keepScreenshot(page, 'search');
      await page.getByLabel('package').selectOption({ label: 'shop' });
      expect(await framesOf(page)).not.toContain(HOSTILE);
      await page.getByLabel('Only my code').check();
      expect(await framesOf(page)).not.toContain('route');
      await page.getByLabel('Inverted').check();
      expect((await framesOf(page)).sort()).toEqual(['all', 'cacheOrder', 'main', 'main', 'render']);
    }));

  test('is usable by keyboard alone', () =>
    withPage('one.html', {}, async (page) => {
      await page.locator('.flame').focus();
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowLeft', 'ArrowDown']) {
        await page.keyboard.press(key);
      }
      await expect(page.locator('.chosen').textContent()).resolves.toMatch(/^cacheOrder /);
      await page.keyboard.press('Enter');
      expect((await framesOf(page)).sort()).toEqual(['all', 'cacheOrder', 'main', 'route']);
      await page.keyboard.press('Escape');
      expect(await framesOf(page)).toHaveLength(6);
    }));

  test('has tables of functions and labels, and callers and callees of a function', () =>
    withPage('one.html', {}, async (page) => {
      await page.getByRole('button', { name: 'Table' }).click();
      const names = () => page.locator('tbody .name > :first-child').allTextContents();
      expect(await names()).toEqual(['cacheOrder', HOSTILE, 'render', 'main', 'route']);
      const packages = await page.locator('tbody tr:first-child .tag').allTextContents();
      expect(packages).toEqual(['shop']);
      await page.getByRole('button', { name: 'Total' }).click();
      expect((await names())[0]).toBe('main');
      await keepScreenshot(page, 'table');
      await page.getByLabel('Rows').selectOption('package');
      expect(await names()).toEqual(['shop', HOSTILE]);
      await page.getByLabel('Rows').selectOption('function');
      await page.getByRole('button', { name: 'route' }).click();
      expect(await framesOf(page)).toEqual(['route', 'main', 'route', 'cacheOrder']);
      await keepScreenshot(page, 'callers-and-callees');
    }));

  test('shows the change between two profiles', () =>
    withPage('diff.html', { dark: true }, async (page) => {
      await expect(page.locator('.summary').textContent()).resolves.toContain('4.0 MiB to 8.0 MiB, +4.0 MiB');
      const fill = (name: string) => page.locator(`.flame g[name="${name}"] rect`).getAttribute('fill');
      expect(await fill('render')).toBe('rgb(226 226 226)');
      expect(await fill('cacheOrder')).not.toBe(await fill('render'));
      await keepScreenshot(page, 'diff-dark');
      await page.getByRole('button', { name: 'Table' }).click();
      await expect(page.locator('tbody tr').first().textContent()).resolves.toContain(
        '+4.0 MiB2.0 MiB6.0 MiB',
      );
    }));

  test('shows what shrank in a profile of a difference', async () => {
    const difference = subtractProfiles(shop(1024 * 1024), shop(3 * 1024 * 1024));
    writeFileSync(file('less.html'), pageHtml(makePageData([{ profile: difference, name: 'less' }])));
    await withPage('less.html', {}, async (page) => {
      await expect(page.locator('.summary').textContent()).resolves.toContain('In use (bytes): -2.0 MiB');
      await page.locator('.flame g[name="cacheOrder"]').click();
      await expect(page.locator('.chosen').textContent()).resolves.toContain('-2.0 MiB, -100.0% of all');
      expect(await page.locator('.flame g[name="cacheOrder"] rect').getAttribute('fill')).toBe(
        'rgb(82 152 205)',
      );
    });
  });

  test('switches between light and dark', () =>
    withPage('one.html', { dark: true }, async (page) => {
      const back = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(await back()).toBe('rgb(20, 23, 28)');
      await page.getByRole('button', { name: 'Light' }).click();
      expect(await back()).toBe('rgb(255, 255, 255)');
    }));

  test.each([
    ['one.html', false],
    ['one.html', true],
    ['diff.html', false],
    ['diff.html', true],
  ])('axe-core finds no fault in %s, dark: %s', async (name, dark) => {
    await withPage(name, { dark }, async (page) => {
      for (const view of ['Flame graph', 'Table', 'Callers and callees']) {
        await page.locator('.views').getByRole('button', { name: view }).click();
        expect(await faultsOf(page)).toEqual([]);
      }
    });
  });

  test('fits a telephone', () =>
    withPage('one.html', { width: 375 }, async (page) => {
      for (const view of ['Flame graph', 'Table', 'Callers and callees']) {
        await page.locator('.views').getByRole('button', { name: view }).click();
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
        await keepScreenshot(page, `telephone-${view.split(' ')[0]!.toLowerCase()}`);
      }
    }));

  test('explains empty and broken data', async () => {
    const empty = new ProfileBuilder({
      columns: [{ type: 'space', unit: 'bytes' }],
      timeNanos: 0n,
      durationNanos: 0n,
    }).build();
    const html = pageHtml(makePageData([{ profile: empty, name: 'empty' }]));
    writeFileSync(file('empty.html'), html);
    writeFileSync(file('broken.html'), html.replace('"version":1', '"version":9'));
    await withPage('empty.html', {}, async (page) => {
      await expect(page.locator('.state').first().textContent()).resolves.toBe(
        'This profile has no samples.',
      );
    });
    await withPage('broken.html', {}, async (page) => {
      await expect(page.locator('[role="alert"]').textContent()).resolves.toBe(
        'The data of this page cannot be read: this page reads version 1, not 9.',
      );
    });
  });
});
