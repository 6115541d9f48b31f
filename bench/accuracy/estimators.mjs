// Four ways to say who allocated, from the same recorded readings. All give shares of samples.
import path from 'node:path';
import { ROOT } from '../../scripts/lib/bootstrap.mjs';

const LEDGER = path.join(ROOT, 'packages', 'instrumentation', 'dist', 'ledger');
const { ShortLivedEstimator } = await import(path.join(LEDGER, 'short-lived-estimator.js'));
export const ESTIMATORS = ['only what is seen', 'pairs alone', 'early deaths', 'heapray'];

/** Of samples that are none of the sites': they are seen and unseen as all others are. */
const REST = -1;

/**
 * Readings cut into stretches of so many pairs each; what is left over at the end belongs to none. Which readings are
 * pairs is what the recorder says: somebody may ask for a reading in between.
 *
 * @returns arrays of readings, each with `unseen`, and with `census` where it ends a census's wait
 */
export function toStretches(readings, pairs) {
  const told = tell(readings);
  const stretches = [];
  let stretch = [];
  let count = 0;
  for (const [at, reading] of told.entries()) {
    stretch.push(reading);
    if (reading.pair) count++;
    // The reading after the last pair shows what became of it: it begins the next stretch too.
    if (count < pairs || !reading.pair || at + 1 >= told.length) continue;
    stretches.push({ readings: stretch, outcome: told[at + 1].census });
    stretch = [];
    count = 0;
  }
  return stretches;
}

/** How many pairs there are. */
export function pairsOf(readings) {
  return readings.filter(({ censusMillis }) => censusMillis !== undefined).length;
}

/** What each reading adds to the one before, as the ledger sees it. */
function tell(readings) {
  let newest = 0;
  let sawFresh = false;
  let open;
  return readings.map((reading) => {
    const { at, censusMillis, fresh, gone } = reading;
    const taken = reading.newest - newest;
    newest = reading.newest;
    const unseen = taken - fresh.length;
    const dead = new Set(gone);
    const census = open && {
      samples: open.fresh.map(([ordinal, site]) => ({ node: site, bytes: 1, died: dead.has(ordinal) })),
      weight: open.weight,
    };
    open = undefined;
    const pair = censusMillis !== undefined && { taken, whole: unseen === 0 && gone.length === 0, sawFresh };
    if (pair?.whole) open = { fresh, weight: 1 / Math.max(censusMillis, 0.1) };
    sawFresh = fresh.length > 0;
    return { at, seen: fresh.map(([, site]) => site), unseen, census, pair };
  });
}

/** Shares in percent by estimator, an array by site each. */
export function estimateAll({ readings, outcome }, siteCount) {
  const count = () => new Array(siteCount).fill(0);
  const [seen, born, died] = [count(), count(), count()];
  let unseen = 0;
  for (const reading of readings) {
    unseen += reading.unseen;
    for (const site of reading.seen) if (site !== REST) seen[site]++;
  }
  // The first reading tells what became of a pair of the stretch before.
  const censuses = [...readings.slice(1).map(({ census }) => census), outcome];
  for (const { samples, weight } of censuses.filter(Boolean)) {
    for (const { node, died: isDead } of samples) {
      if (node === REST) continue;
      born[node] += weight;
      if (isDead) died[node] += weight;
    }
  }
  const byDeaths = seen.map((own, site) => own + (unseen * died[site]) / (total(died) || 1));
  const byHeapray = ownEstimate({ readings, outcome }, siteCount);
  return Object.fromEntries(
    [seen, born, byDeaths, byHeapray.map((own, site) => own + seen[site])].map((values, i) => [
      ESTIMATORS[i],
      percent(values),
    ]),
  );
}

/** Unseen samples by site as heapray's own estimator has them, told in the order in which the ledger tells it. */
function ownEstimate({ readings, outcome }, siteCount) {
  const estimator = new ShortLivedEstimator();
  const unseen = new Array(siteCount).fill(0);
  const book = (settlement) => {
    for (const { node, samples } of settlement?.shares ?? []) if (node !== REST) unseen[node] += samples;
  };
  const addCensus = (census) => census && estimator.addCensus(census.samples, census.weight);
  for (const [index, reading] of readings.entries()) {
    for (const site of reading.seen) estimator.addSeen(site);
    estimator.addUnseen(reading.unseen, reading.at);
    if (index > 0) addCensus(reading.census);
    if (reading.pair?.sawFresh) estimator.addPair(reading.pair.taken, reading.pair.whole);
    if (index + 1 < readings.length) book(estimator.settle(reading.at, false));
  }
  addCensus(outcome);
  book(estimator.settle(readings.at(-1).at, true));
  return unseen;
}

function percent(values) {
  return values.map((value) => (100 * value) / (total(values) || 1));
}

function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}
