import { expect, test } from 'vitest';
import { CONVENTION_METRICS, OWN_METRICS, SITE_METRICS } from '../../src/protocol/metric-table.js';
import * as semconv from '../../src/protocol/semconv.js';

const specs = [SITE_METRICS, OWN_METRICS, CONVENTION_METRICS].flatMap((table) => Object.values(table));
const metrics = specs.map(({ name }) => name);
const attributes = [
  ...Object.entries(semconv).flatMap(([constant, name]) => (constant.startsWith('ATTR_') ? [name] : [])),
  ...specs.flatMap((spec) => Object.keys(spec.attributes ?? {})),
];
const names = [...new Set([...metrics, ...attributes])].sort();

/** Returns the pairs of which one name is the namespace of the other. */
function conflicts(all: readonly string[]): string[] {
  return all.flatMap((namespace) =>
    all.filter((name) => name.startsWith(`${namespace}.`)).map((name) => `${namespace} > ${name}`),
  );
}

test('no name of a metric or an attribute is also the namespace of another', () => {
  expect(names.length).toBeGreaterThan(30);
  expect(conflicts(names)).toEqual([]);
});

test('finds a name that is also a namespace', () => {
  expect(conflicts(['a.b', 'a.b.c', 'a.bc'])).toEqual(['a.b > a.b.c']);
});

test('no metric has the name of an attribute', () => {
  expect(metrics.filter((name) => attributes.includes(name))).toEqual([]);
});

test('no two attributes are one label in Prometheus, which would refuse the whole scrape', () => {
  const all = [...new Set(attributes)];
  const labels = new Set(all.map((name) => name.replaceAll(/[^a-z0-9]/g, '_')));
  expect(labels.size).toBe(all.length);
});

test("all names of heapray's own are lower case, in its namespace, without units", () => {
  const own = [...Object.values(SITE_METRICS), ...Object.values(OWN_METRICS)].map(({ name }) => name);
  for (const name of own) {
    expect(name).toMatch(/^heapray\.[a-z]+(\.[a-z]+(_[a-z]+)*)+$/);
    expect(name).not.toMatch(/bytes|seconds|total$/);
  }
});
