import fs from 'node:fs/promises';
import { makePageData, pageHtml } from '@heapray/exporter/page';
import { decodePprof } from '@heapray/exporter/pprof';
import { callSitesOnly } from '@heapray/exporter/profile';

/** The growth is shown from this part of the time on, when the caches of the service are full. */
const SHOWN_FROM = 1 / 3;

/**
 * Writes two pages: a flame graph of the last reading, and what changed from a third of the time to the end. `heapray flamegraph`
 * makes the same pages of profiles in files.
 */
export async function writePages(readings, paths) {
  const newest = readings.at(-1);
  const older = readings.find(({ atMillis }) => atMillis >= SHOWN_FROM * newest.atMillis);
  const end = { profile: callSitesOnly(decodePprof(newest.bytes)), name: `after ${seconds(newest)} s` };
  const start = { profile: callSitesOnly(decodePprof(older.bytes)), name: `after ${seconds(older)} s` };
  await fs.writeFile(paths.flamegraph, pageHtml(makePageData([end], { title: 'order service' })));
  await fs.writeFile(paths.diff, pageHtml(makePageData([start, end])));
}

const seconds = ({ atMillis }) => (atMillis / 1000).toFixed(0);
