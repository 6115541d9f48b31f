// Names in Prometheus, compared with Prometheus' own translation of OTLP (test/golden/otlp).
import { describe, expect, test } from 'vitest';
import { prometheusName } from '../../dashboards/src/metric-names.ts';
import { GOLDEN_NAMES } from './support/golden-names.js';
import { DEFINITIONS, namesOf } from './support/made.js';

describe('names', () => {
  test.each(GOLDEN_NAMES)('of $name after OTLP', ({ name, kind, unit, prometheus }) => {
    const definition = DEFINITIONS.find((one) => one.name === name);
    expect(definition).toMatchObject({ kind, unit });
    expect(prometheusName(definition!, 'otlp')).toBe(prometheus);
  });

  test('of all metrics are in the golden table', () => {
    expect(GOLDEN_NAMES.map(({ name }) => name).sort()).toEqual(DEFINITIONS.map(({ name }) => name).sort());
  });

  test('of a metric that does not exist are refused', () => {
    expect(() => namesOf('scraped').of('heapray.memory.retainde')).toThrow(
      'no metric is called heapray.memory.retainde',
    );
  });

  test('of a unit without a known suffix are refused', () => {
    const odd = { name: 'a.b', kind: 'gauge', unit: 'furlong' } as const;
    expect(prometheusName(odd, 'scraped')).toBe('a_b');
    expect(() => prometheusName(odd, 'otlp')).toThrow('no Prometheus suffix is known for the unit furlong');
  });
});
