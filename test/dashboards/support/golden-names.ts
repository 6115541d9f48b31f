// The names that Prometheus' own translation of OTLP gives to heapray's metrics, see test/golden/otlp/README.md.
import { readFileSync } from 'node:fs';

export interface GoldenName {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  /** Name in Prometheus after OTLP. */
  readonly prometheus: string;
}

export const GOLDEN_NAMES: readonly GoldenName[] = JSON.parse(
  readFileSync(new URL('../../golden/otlp/names.json', import.meta.url), 'utf8'),
);
