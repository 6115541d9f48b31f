// Thirty days of a program whose largest functions keep changing, through a real SDK.
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { HeapMetrics } from '../../../src/main-thread/metrics/heap-metrics.js';
import { ProducedMetrics } from '../../../src/main-thread/metrics/produced-metrics.js';
import { newSiteSelection } from '../../../src/profiler-thread/metrics/site-selection.js';
import type { SitesWanted } from '../../../src/protocol/metric-points.js';
import { SITE_METRICS } from '../../../src/protocol/metric-table.js';
import { AllocatingProgram } from '../../support/allocating-program.js';
import { requestsFrom, sourceOf } from '../../support/fake-points.js';
import { heapView } from '../../support/heap-views.js';
import { heapOf } from '../../support/memory-sources.js';
import { TestReader } from '../../support/test-reader.js';

const MINUTE = 60_000;
const ROUND_HOURS = 6;
const ROUND_MILLIS = ROUND_HOURS * 60 * MINUTE;
const ROUNDS = (30 * 24) / ROUND_HOURS;
const PLACES = 10;
/** The defaults. */
const SITES: SitesWanted = {
  groupBy: 'function',
  maxCallSites: PLACES,
  retentionAges: false,
  alwaysOther: true,
  withDropped: true,
};

/** Makes a reader of a real SDK, with instruments or a producer, that counts its series. */
function newReader(program: AllocatingProgram, kind: 'instruments' | 'producer') {
  const source = sourceOf(heapView, { nowMillis: () => program.now }, [], {
    sources: { all: [heapOf(program.ledger)] },
    nowMillis: () => program.now,
    newSelection: newSiteSelection,
  });
  const requests = requestsFrom(async (wanted) => source.answers(wanted));
  const metrics = new ProducedMetrics({ counter: 1, updowncounter: 1 });
  const producer = {
    collect: async () => {
      const answer = await requests.points({ consumer: 1, sites: SITES, withOwn: false });
      const scopeMetrics = [{ scope: { name: 'x' }, metrics: metrics.of(answer!) }];
      return { resourceMetrics: { scopeMetrics }, errors: [] };
    },
  };
  const reader = new TestReader(kind === 'producer' ? { metricProducers: [producer as never] } : {});
  const provider = new MeterProvider({ readers: [reader] });
  new HeapMetrics(provider.getMeter('heapray'), {
    sites: SITES,
    conventions: false,
    fetchPoints: (wanted) => requests.points(wanted),
    threadDeaths: () => 0,
    notProfiling: () => undefined,
    serveReaders: () => false,
    hasProducer: () => kind === 'producer',
  });
  return async () => {
    const all = await reader.metrics();
    const ofSites = Object.values(SITE_METRICS).flatMap(({ name }) => all.get(name) ?? []);
    const retained = all.get('heapray.memory.retained')?.dataPoints ?? [];
    return {
      seriesCount: ofSites.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
      held: new Set(retained.filter(({ value }) => (value as number) > 0).map(siteOf)),
    };
  };
}

function siteOf({ attributes }: { readonly attributes: object }): string {
  return (attributes as Record<string, string>)['code.function.name'] ?? '';
}

test.each([
  // A producer's series vanish, so any number of functions may get one.
  // Counters, and values in use with a zero for each site that has just left.
  ['producer', 2500, 2 * (PLACES + 2) + 2 * (2 * PLACES + 1)],
  // Series of instruments stay: two counters, and bytes and objects in use.
  ['instruments', 150, 4 * (150 + 1)],
] as const)(
  '%s: a site among the largest for two minutes has a series',
  async (kind, functions, maxSeries) => {
    const program = new AllocatingProgram();
    const read = newReader(program, kind);
    let before: readonly string[] = [];
    let most = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of before) program.retain(name, 0);
      // New sites are not larger than earlier ones.
      const names = Array.from({ length: PLACES }, (_, at) => `f${(round * 12 + at) % functions}`);
      for (const [at, name] of names.entries()) program.retain(name, 1e6 * (1 + ((at + round) % 7)));
      for (let minute = 0; minute < 2; minute++) {
        await read();
        program.wait(MINUTE);
      }
      const { held, seriesCount } = await read();
      expect([...held].filter((name) => name !== 'other').sort()).toEqual([...names].sort());
      most = Math.max(most, seriesCount);
      before = names;
      program.wait(ROUND_MILLIS - 2 * MINUTE);
    }
    expect(most).toBeLessThanOrEqual(maxSeries);
  },
);
