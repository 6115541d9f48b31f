// Four estimators of who allocated, on the same recorded polls. All return shares of samples.
import { ShortLivedEstimator } from '../lib/built-ledger.mjs';

export const ESTIMATORS = ['only what is seen', 'pairs alone', 'short-lived samples', 'heapray'];

/** Site index of samples that belong to none of the sites; they are seen and unseen as all others are. */
const REST = -1;

/**
 * Cuts polls into stretches of the same number of pairs; the rest at the end is left out. The recorder says which polls
 * form pairs, because a metric reader may ask for a poll in between.
 *
 * @returns arrays of polls, each with `unseen`, and with `completePair` if it ends the wait of a complete pair's samples
 */
export function toStretches(readings, pairs) {
  const told = tell(readings);
  const stretches = [];
  let stretch = [];
  let count = 0;
  for (const [at, reading] of told.entries()) {
    stretch.push(reading);
    if (reading.pair) count++;
    // The poll after the last pair shows what became of its samples: the next stretch begins with it too.
    if (count < pairs || !reading.pair || at + 1 >= told.length) continue;
    stretches.push({ readings: stretch, outcome: told[at + 1].completePair });
    stretch = [];
    count = 0;
  }
  return stretches;
}

/** Returns the number of pairs. */
export function pairsOf(readings) {
  return readings.filter(({ pairMillis }) => pairMillis !== undefined).length;
}

/** Returns what each poll adds to the one before, as the ledger sees it. */
function tell(readings) {
  let newest = 0;
  let sawFresh = false;
  let open;
  return readings.map((reading) => {
    const { at, pairMillis, fresh, gone } = reading;
    const taken = reading.newest - newest;
    newest = reading.newest;
    const unseen = taken - fresh.length;
    const dead = new Set(gone);
    const completePair = open && {
      samples: open.fresh.map(([ordinal, site]) => ({ node: site, bytes: 1, died: dead.has(ordinal) })),
      weight: open.weight,
    };
    open = undefined;
    const pair = pairMillis !== undefined && { taken, whole: unseen === 0 && gone.length === 0, sawFresh };
    if (pair?.whole) open = { fresh, weight: 1 / Math.max(pairMillis, 0.1) };
    sawFresh = fresh.length > 0;
    return { at, seen: fresh.map(([, site]) => site), unseen, completePair, pair };
  });
}

/** Returns shares in percent by estimator, an array by site each. */
export function estimateAll({ readings, outcome }, siteCount) {
  const count = () => new Array(siteCount).fill(0);
  const [seen, born, died] = [count(), count(), count()];
  let unseen = 0;
  for (const reading of readings) {
    unseen += reading.unseen;
    for (const site of reading.seen) if (site !== REST) seen[site]++;
  }
  // The first poll shows what became of a pair of the stretch before.
  const pairs = [...readings.slice(1).map(({ completePair }) => completePair), outcome];
  for (const { samples, weight } of pairs.filter(Boolean)) {
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

/** Returns unseen samples by site from heapray's own estimator, fed in the same order as by the ledger. */
function ownEstimate({ readings, outcome }, siteCount) {
  const estimator = new ShortLivedEstimator();
  const unseen = new Array(siteCount).fill(0);
  const book = (attribution) => {
    for (const { node, samples } of attribution?.shares ?? []) if (node !== REST) unseen[node] += samples;
  };
  const addPair = (completePair) =>
    completePair && estimator.addComplete(completePair.samples, completePair.weight);
  for (const [index, reading] of readings.entries()) {
    for (const site of reading.seen) estimator.addSeen(site);
    estimator.addUnseen(reading.unseen, reading.at);
    if (index > 0) addPair(reading.completePair);
    if (reading.pair?.sawFresh) estimator.addPair(reading.pair.taken, reading.pair.whole);
    if (index + 1 < readings.length) book(estimator.attribute(reading.at, false));
  }
  addPair(outcome);
  book(estimator.attribute(readings.at(-1).at, true));
  return unseen;
}

function percent(values) {
  return values.map((value) => (100 * value) / (total(values) || 1));
}

function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}
