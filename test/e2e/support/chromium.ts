// Chromium for tests of the page: what a page does apart from what it should, faults that axe-core finds, screenshots.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { PATIENCE_MILLIS } from '../../support/patience.js';
import { chromium } from '../../support/peers.js';

const SCREENSHOTS = fileURLToPath(new URL('../../../.cache/page', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** How a page is opened. */
export interface PageSettings {
  /** Default 1200 pixels. */
  readonly width?: number;
  /** Default 800 pixels. */
  readonly height?: number;
  readonly dark?: boolean;
}

/** A page, and what has happened in it that should not. */
export interface WatchedPage {
  readonly page: Page;
  /** Requests elsewhere, console messages, errors, dialogs. */
  readonly events: string[];
}

/** Starts a browser, without a window. */
export function startBrowser(): Promise<Browser> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  return playwright.launch({
    executablePath: chromium(),
    args: ['--no-sandbox'],
    timeout: PATIENCE_MILLIS,
  });
}

/** Opens a new page. `isAllowed` says which URLs it may request. */
export async function watchedPage(
  browser: Browser,
  { width = 1200, height = 800, dark = false }: PageSettings,
  isAllowed: (url: string) => boolean,
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
  page.setDefaultTimeout(PATIENCE_MILLIS);
  const events: string[] = [];
  page.on('request', (request) => {
    if (!isAllowed(request.url())) events.push(`request ${request.url()}`);
  });
  page.on('console', (message) => events.push(`console ${message.text()}`));
  page.on('pageerror', (error) => events.push(`error ${error.message}`));
  page.on('dialog', (dialog) => {
    events.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, events };
}

/** Keeps a picture of a page in `.cache/page`, to look at. */
export async function keepScreenshot(page: Page, name: string, isWhole = false): Promise<void> {
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: isWhole });
}

/** Returns what axe-core finds wrong with a page. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate('axe.run()')) as {
    readonly violations: readonly {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string }[];
    }[];
  };
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 200)}`);
}

/** Returns the names of the frames that are drawn. */
export async function framesOf(page: Page): Promise<string[]> {
  return page
    .locator('.flame svg g')
    .evaluateAll((groups) => groups.map((group) => group.getAttribute('name') ?? ''));
}
