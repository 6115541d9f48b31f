// `npm run pictures`: runs the demo, and writes the pictures of docs/pictures: its pages in Chromium.
import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, NODE, note, ROOT } from './lib/bootstrap.mjs';
import { withBootstrapLock } from './lib/bootstrap-lock.mjs';
import { chromiumPeer } from './lib/peers/chromium.mjs';

await withBootstrapLock(async () => {
  ensureInstalled();
  ensureBuilt();
});

const OUT = path.join(ROOT, 'docs', 'pictures');
const DEMO = path.join(ROOT, 'examples', 'leaky-service', 'demo', 'main.js');
const WIDTH = 1080;
const FLAME = { height: 520, wait: '.flame svg g' };
/** The overview, once it has a leak suspect: about a minute after the demo. */
const OVERVIEW = { height: 900, wait: '.headline:has-text("Leak suspect:")' };
const PATIENCE_MILLIS = 180_000;

const { chromium } = await import('playwright-core');
const folder = await mkdtemp(path.join(os.tmpdir(), 'heapray-pictures-'));
const demo = spawn(NODE, [DEMO, '--ui', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
try {
  const live = await pageOfDemo();
  mkdirSync(OUT, { recursive: true });
  const browser = await chromium.launch({
    executablePath: await chromiumPeer().bring(),
    args: ['--no-sandbox'],
  });
  const file = (name) => pathToFileURL(path.join(folder, name)).href;
  await take(browser, { name: 'flamegraph', url: file('flamegraph.html'), ...FLAME });
  await take(browser, { name: 'flamegraph-dark', url: file('flamegraph.html'), dark: true, ...FLAME });
  await take(browser, { name: 'diff', url: file('diff.html'), ...FLAME });
  await take(browser, { name: 'overview', url: live, ...OVERVIEW });
  await browser.close();
} finally {
  demo.kill('SIGINT');
  await new Promise((resolve) => demo.once('close', resolve));
  await rm(folder, { recursive: true, force: true });
}

/** Waits for the address of the live page, which the demo prints last. */
async function pageOfDemo() {
  for await (const line of createInterface({ input: demo.stdout })) {
    const [, url] = /^The page of the running service: (http:\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the demo has ended without an address of its page');
}

/** Takes a picture once the page has an element. */
async function take(browser, { name, url, height, wait, dark = false }) {
  const viewport = { width: WIDTH, height };
  const page = await browser.newPage({ viewport, colorScheme: dark ? 'dark' : 'light' });
  await page.goto(url, { timeout: PATIENCE_MILLIS });
  await page.locator(wait).first().waitFor({ timeout: PATIENCE_MILLIS });
  const target = path.join(OUT, `${name}.png`);
  await page.screenshot({ path: target });
  await page.close();
  note(`wrote docs/pictures/${name}.png, ${(statSync(target).size / 1024).toFixed(0)} KiB`);
}
