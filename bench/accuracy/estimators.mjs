// Four ways to say who allocated, from the same recorded readings: they come in pairs. All give shares of samples.
import path from 'node:path';
import { ROOT } from '../../scripts/lib/bootstrap.mjs';

const LEDGER = path.join(ROOT, 'packages', 'instrumentation', 'dist', 'ledger');
const { Evidence } = await import(path.join(LEDGER, 'evidence.js'));
export const ESTIMATORS = ['only what is seen', 'pairs alone', 'early deaths', 'regression'];

/** Readings as pairs: what both saw for the first time, what was unseen, and the census with its outcome. */
export function toPairs(readings) {
  const pairs = [];
  let newest = 0;
  for (let i = 0; i + 2 < readings.length; i += 2) {
    const [first, second, next] = readings.slice(i, i + 3);
    const seen = [...first.fresh, ...second.fresh].map(([, site]) => site);
    const unseen = second.newest - newest - seen.length;
    const missing = second.newest - first.newest - second.fresh.length;
    const gone = new Set(next.gone);
    const census =
      missing === 0 && second.gone.length === 0
        ? second.fresh.map(([ordinal, site]) => ({ node: site, bytes: 1, died: gone.has(ordinal) }))
        : undefined;
    pairs.push({ seen, unseen, census, weight: 1 / (second.at - first.at) });
    newest = second.newest;
  }
  return pairs;
}

/** Shares in percent by estimator, an array by site each. */
export function estimateAll(pairs, siteCount) {
  const seen = new Array(siteCount).fill(0);
  const born = new Array(siteCount).fill(0);
  const died = new Array(siteCount).fill(0);
  const evidence = new Evidence();
  let unseen = 0;
  for (const pair of pairs) {
    unseen += pair.unseen;
    evidence.addTaken(pair.unseen + pair.seen.length);
    for (const site of pair.seen) {
      if (site >= 0) seen[site]++;
      evidence.addSeen(site);
    }
    for (const { node, died: isDead } of pair.census ?? []) {
      if (node >= 0) born[node] += pair.weight;
      if (node >= 0 && isDead) died[node] += pair.weight;
    }
    if (pair.census?.length) evidence.addCensus(pair.census, pair.weight, (site) => site);
  }
  const byRegression = new Array(siteCount).fill(0);
  for (const { node, samples } of evidence.shares().shares) if (node >= 0) byRegression[node] = samples;
  const plus = (shares) => seen.map((count, site) => count + (unseen * shares[site]) / (total(shares) || 1));
  return Object.fromEntries(
    [seen, born, plus(died), plus(byRegression)].map((values, i) => [ESTIMATORS[i], percent(values)]),
  );
}

function percent(values) {
  return values.map((value) => (100 * value) / (total(values) || 1));
}

function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}
