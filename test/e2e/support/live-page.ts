// Shared by the tests of the live page: a made-up shop, a server with answers about it, and its page in Chromium.
import { makePageData, type OverviewSubject, type PageData } from '@heapray/exporter/page';
import { type Profile, ProfileBuilder } from '@heapray/exporter/profile';
import type { Browser, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { leakingSubject, overviewOf } from '../../../packages/exporter/test/page/overview-fixture.js';
import { type PageSettings, watchedPage } from './chromium.js';
import { type Answers, type Canned, PageServer } from './page-server.js';

const MIB = 1024 * 1024;
/** Line that Chromium itself logs about an answer with an error. */
const FAILED_REQUEST = /^console Failed to load resource/;

/** Time of the data, in ms since the Unix epoch. */
export const NOW: number = Date.now();

function shop(cached: number, columns: 'heap' | 'peak' = 'heap'): Profile {
  const [prefix, other] = columns === 'heap' ? ['inuse', 'alloc'] : ['peak', 'all'];
  const builder = new ProfileBuilder({
    columns: [
      { type: `${other}_space`, unit: 'bytes' },
      { type: `${prefix}_space`, unit: 'bytes' },
    ],
    defaultColumn: `${prefix}_space`,
    timeNanos: BigInt(NOW) * 1_000_000n,
    durationNanos: 0n,
  });
  const main = builder.stack(undefined, builder.frame('main', '/srv/app/server.js', 1));
  const route = builder.stack(main, builder.frame('route', '/srv/app/node_modules/router/index.js', 5, 1));
  const cache = builder.stack(route, builder.frame('cacheOrder', '/srv/app/cache.js', 9, 1));
  const render = builder.stack(main, builder.frame('render', '/srv/app/render.js', 3, 1));
  const parse = builder.stack(render, builder.frame('parse', '/srv/app/render.js', 30, 1));
  const labels = (name: string, age: string) => builder.labels({ package: name, age });
  builder.add(cache, [cached, cached / 4], labels('shop', '10s-1m'));
  builder.add(cache, [3 * cached, (3 * cached) / 4], labels('shop', '>1h'));
  builder.add(render, [8 * MIB, 6 * MIB], labels('shop', '<10s'));
  builder.add(route, [8 * MIB, 3 * MIB], labels('router', '10s-1m'));
  builder.add(parse, [2 * MIB, 1 * MIB], labels('shop', '<10s'));
  return builder.build();
}

/** Returns the data of profiles that were sampled every 512 KiB. */
function sampled(...profiles: readonly Profile[]): PageData {
  const samplingInterval = 512 * 1024;
  return makePageData(profiles.map((profile, at) => ({ profile, name: `profile ${at}`, samplingInterval })));
}

/** Answers for subjects, with profiles of a shop. */
export function healthy(subjects: readonly OverviewSubject[], refreshSeconds = 1): Answers {
  return (url): Canned => {
    if (url.pathname.endsWith('/overview.json'))
      return { body: overviewOf(subjects, Date.now(), refreshSeconds) };
    if (url.pathname.endsWith('/diff.json')) return { body: sampled(shop(40 * MIB), shop(90 * MIB)) };
    const name = url.searchParams.get('name');
    return { body: sampled(shop(90 * MIB, name === 'peak' ? 'peak' : 'heap')) };
  };
}

/** Opens the page of a server. Checks at the end that no request went elsewhere, and nothing was logged or thrown. */
export async function withLivePage(
  browser: Browser,
  answers: Answers,
  settings: PageSettings & { readonly hash?: string; readonly mayFail?: boolean },
  visit: (page: Page, server: PageServer) => Promise<void>,
): Promise<void> {
  const server = new PageServer(answers);
  await server.start();
  const { origin } = new URL(server.url);
  const { page, events } = await watchedPage(browser, settings, (url) => new URL(url).origin === origin);
  await page.goto(`${server.url}${settings.hash ?? ''}`);
  await visit(page, server);
  expect(events.filter((event) => !(settings.mayFail && FAILED_REQUEST.test(event)))).toEqual([]);
  await page.close();
  await server.stop();
}

/** Returns the line that the overview says first. */
export function headline(page: Page): Locator {
  return page.locator('.headline .main');
}

/** Returns the link to a tab. */
export function tab(page: Page, name: string): Locator {
  return page.locator('nav').getByRole('link', { name });
}

/** Returns a process that leaks. */
export function leaking(): OverviewSubject {
  return leakingSubject('shop', NOW);
}
