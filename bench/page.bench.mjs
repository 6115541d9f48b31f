// Measures how long the page of a file takes in Chromium with a profile of 50,000 nodes: until it is painted first, and after a search
// and a change to the inverted flame graph.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { makePageData, pageHtml } from '@heapray/exporter/page';
import { chromium } from 'playwright-core';
import { chromiumPeer } from '../scripts/lib/peers/chromium.mjs';
import { figure } from './lib/figure.mjs';
import { largeProfile } from './page/large-profile.mjs';

const NODES = 50_000;
const RUNS = 9;
const QUICK_RUNS = 1;
const VIEWPORT = { width: 1200, height: 800 };
/** Wall-clock times, which a user waits for, in ms. */
const TARGETS = { 'first paint': 600, search: 400, inverted: 600 };
/** Code for the page: `painted` is set after the next frame has been painted. */
const AFTER_PAINT = `requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { window.painted = performance.now(); };
  port2.postMessage(0);
});`;
const WATCH_FIRST = `new MutationObserver((_, observer) => {
  if (document.querySelector('.flame svg g') === null) return;
  observer.disconnect();
  ${AFTER_PAINT}
}).observe(document, { childList: true, subtree: true });`;
/** Actions of the user in the page. */
const ACTIONS = {
  search: `const input = document.querySelector('input[type="search"]');
    input.value = 'functionNumber1';
    input.dispatchEvent(new Event('input'));`,
  inverted: `[...document.querySelectorAll('label')].find((label) => label.textContent === 'Inverted').click();`,
};

export async function run({ quick, report }) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'heapray-page-'));
  const browser = await chromium.launch({
    executablePath: await chromiumPeer().bring(),
    args: ['--no-sandbox'],
  });
  const runs = [];
  const load = os.loadavg()[0];
  try {
    const file = path.join(folder, 'large.html');
    await writeFile(file, pageHtml(makePageData([{ profile: largeProfile(NODES), name: 'large' }])));
    for (let at = 0; at < (quick ? QUICK_RUNS : RUNS); at++) {
      runs.push(await visit(browser, pathToFileURL(file).href));
    }
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
  report(figuresOf(runs));
  return { nodes: NODES, load, runs };
}

/** Opens the page, and returns for each step its wall-clock time, and the processor time of the page's main thread. */
async function visit(browser, url) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.addInitScript(WATCH_FIRST);
  const cpu = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  const painted = async () => {
    for (;;) {
      const at = await page.evaluate('window.painted');
      if (at !== undefined) return at;
      await delay(20);
    }
  };
  const steps = {};
  let before = await cpu();
  const step = async (name, millis) => {
    const after = await cpu();
    steps[name] = { wall: millis, cpu: after - before };
    before = after;
  };
  await page.goto(url, { waitUntil: 'commit' });
  await step('first paint', await painted());
  for (const [name, action] of Object.entries(ACTIONS)) {
    const start = await page.evaluate(`(() => {
      window.painted = undefined;
      const start = performance.now();
      ${action}
      ${AFTER_PAINT}
      return start;
    })()`);
    await step(name, (await painted()) - start);
  }
  await context.close();
  return steps;
}

function figuresOf(runs) {
  return Object.entries(TARGETS).flatMap(([name, atMost]) => [
    figure({
      part: name,
      what: 'by the clock (judged)',
      unit: 'ms',
      values: runs.map((steps) => steps[name].wall),
      target: { atMost },
    }),
    figure({
      part: name,
      what: "processor time of the page's main thread",
      unit: 'ms',
      values: runs.map((steps) => steps[name].cpu),
    }),
  ]);
}
