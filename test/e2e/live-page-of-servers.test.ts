// The live page in a real browser, of real servers: the debug server of a service under load, and `heapray watch` on the captures
// that the service writes meanwhile.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWatch } from '../../packages/cli/test/watch/support/start-watch.js';
import { freePort } from '../support/free-port.js';
import { describeWithPeer } from '../support/peer-test.js';
import { pollUntil } from '../support/poll.js';
import { type RunningProcess, startNode } from '../support/start-node.js';
import { tempFolder } from '../support/temp-folder.js';
import { faultsOf, framesOf, keepScreenshot, startBrowser, watchedPage } from './support/chromium.js';

const example = (name: string): string =>
  fileURLToPath(new URL(`../../examples/leaky-service/${name}`, import.meta.url));
const COMPONENTS = ['api', 'scheduler', 'dag_processor'];
/** Line that Chromium itself logs about a server that has gone. */
const FAILED_REQUEST = /^console Failed to load resource/;

describeWithPeer('the live page of real servers', 'chromium', () => {
  let browser: Browser;
  let service: RunningProcess;
  const folder = tempFolder();

  beforeAll(async () => {
    const port = await freePort();
    service = startNode({
      args: ['--max-old-space-size=400', example('main.js')],
      env: {
        PORT: `${port}`,
        OTEL_EXPORTER_PROMETHEUS_PORT: `${await freePort()}`,
        HEAPRAY_ENABLED: 'true',
        HEAPRAY_HOME: folder,
        HEAPRAY_TRACE_COMPONENTS: COMPONENTS.join(','),
        HEAPRAY_DEBUG_ADDR: '127.0.0.1:0',
        HEAPRAY_LEAK_WINDOW: '1',
      },
    });
    await service.waitForOutput(/"event":"listening"|listening/);
    startNode({ args: [example('load.js'), `http://127.0.0.1:${port}`, '3600', '60'] });
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await service?.stop('SIGTERM');
  });

  /** Opens a page. Checks at the end that nothing happened that should not. */
  async function withPage(
    url: string,
    visit: (page: Page) => Promise<void>,
    isExpected: (event: string) => boolean = () => false,
  ): Promise<void> {
    const { origin } = new URL(url);
    const { page, events } = await watchedPage(browser, {}, (each) => new URL(each).origin === origin);
    await page.goto(url);
    await visit(page);
    expect(events.filter((event) => !isExpected(event))).toEqual([]);
    await page.close();
  }

  const tab = (page: Page, name: string) => page.locator('nav').getByRole('link', { name });

  /** Searches, zooms, switches the column, inverts, and goes dark, on the flame graph that is shown. */
  async function explore(page: Page, name: string): Promise<void> {
    await page.locator('.flame g').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('addorder');
    await page.getByText(/^matched: [1-9]/).waitFor();
    await page.locator('.flame g[name="addOrder"]').first().click();
    await page.getByText(/^addOrder · .*order-cache.*of all/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Value').selectOption({ label: 'Allocated (bytes)' });
    await page.getByText('Allocated (bytes): ').waitFor();
    await page.getByLabel('Inverted').check();
    expect((await framesOf(page)).length).toBeGreaterThan(3);
    await keepScreenshot(page, `${name}-flame`);
    await page.getByRole('button', { name: 'Dark' }).click();
    expect(await faultsOf(page)).toEqual([]);
    await tab(page, 'Table').click();
    await page.locator('tbody tr').first().waitFor();
    await keepScreenshot(page, `${name}-table`);
  }

  test('the debug server of a service under load', async () => {
    const [, server] = await service.waitForOutput(/memory profiles on (http:\S+)\/debug\/pprof\//);
    // A busy server refuses; the page tries again.
    const isRefusal = (event: string): boolean => FAILED_REQUEST.test(event);
    await withPage(
      `${server}/debug/ui`,
      async (page) => {
        await page.getByText(/^Leak suspect: addOrder /).waitFor();
        await page.locator('.charts canvas').first().waitFor();
        await expect(page.locator('.wide table').first().innerText()).resolves.toMatch(/heap\s+[\d.]+ MiB/);
        await keepScreenshot(page, 'server-overview', true);
        expect(await faultsOf(page)).toEqual([]);
        await page.locator('.card').getByRole('link', { name: 'addOrder' }).first().click();
        await page.getByRole('heading', { name: /^addOrder \(.*order-cache/ }).waitFor();
        await tab(page, 'Flame graph').click();
        await explore(page, 'server');
        await page.getByLabel('Profile').selectOption({ label: 'Change over the next 10 s' });
        await page.getByText(/over 1\d\.\d s$/).waitFor();
        await tab(page, 'Difference').click();
        await page.getByText(/ to [\d.]+ MiB, [+-]/).waitFor();
        await keepScreenshot(page, 'server-difference');
        expect(await faultsOf(page)).toEqual([]);
      },
      isRefusal,
    );
  });

  test('heapray watch on the captures of a running service', async () => {
    await pollUntil(() => readdirSync(folder).length >= COMPONENTS.length, { what: 'the captures' });
    const { url } = await startWatch([folder]);
    await withPage(`${url}/debug/ui`, async (page) => {
      await page.locator('.section').getByRole('link', { name: 'scheduler', exact: true }).waitFor();
      await page.getByText(/^In use: .* in \d+/).waitFor();
      await page.getByRole('link', { name: 'addOrder' }).first().waitFor();
      await keepScreenshot(page, 'watch-overview', true);
      expect(await faultsOf(page)).toEqual([]);
      await page.getByRole('link', { name: 'addOrder' }).first().click();
      await page.getByRole('heading', { name: /^addOrder \(.*order-cache/ }).waitFor();
      await tab(page, 'Flame graph').click();
      await explore(page, 'watch');
      await tab(page, 'Difference').click();
      await page.getByText(/ to [\d.]+ MiB, [+-]/).waitFor();
      await keepScreenshot(page, 'watch-difference');
    });
  });

  test('says when the service has gone', async () => {
    const [, server] = await service.waitForOutput(/memory profiles on (http:\S+)\/debug\/pprof\//);
    await withPage(
      `${server}/debug/ui`,
      async (page) => {
        await page.getByText(/^Leak suspect: addOrder /).waitFor();
        await service.stop('SIGTERM');
        await page.getByText(/The process has gone/).waitFor();
        await expect(page.getByText(/^Leak suspect: /).count()).resolves.toBeGreaterThan(0);
      },
      (event) => FAILED_REQUEST.test(event),
    );
  });
});
