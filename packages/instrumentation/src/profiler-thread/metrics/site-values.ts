import type { SiteAmounts } from '@heapray/exporter/call-sites';
import { AGE_BUCKETS } from '../ledger/index.js';

/** Values of a call site, of several together, or of all without a series of their own. */
export interface SiteValues {
  /** Bytes allocated since the start; never decreases. */
  readonly allocated: number;
  /** Approximate number of objects allocated since the start; never decreases. */
  readonly allocations: number;
  /** Bytes in use now; `retainedByAge` splits them in the order of `AGE_BUCKETS`. */
  readonly retained: number;
  readonly retainedByAge: readonly number[];
  /** Approximate number of objects in use. */
  readonly retainedObjects: number;
}

/** The values that never decrease. */
export interface SiteCounters {
  readonly allocated: number;
  readonly allocations: number;
}

/** Values of a call site in the order used by top-N views; adds up in place. */
export class SiteSum implements SiteAmounts {
  /** Bytes and objects allocated. */
  readonly counters: [allocated: number, allocations: number] = [0, 0];
  /** Bytes in use, objects in use, then bytes in use by age. */
  readonly gauges: number[] = [0, 0, ...AGE_BUCKETS.map(() => 0)];

  add(allocated: number, allocations: number, retained: number, retainedObjects: number): void {
    this.counters[0] += allocated;
    this.counters[1] += allocations;
    this.gauges[0]! += retained;
    this.gauges[1]! += retainedObjects;
  }

  addAges(bytes: readonly number[]): void {
    for (let age = 0; age < AGE_BUCKETS.length; age++) this.gauges[2 + age]! += bytes[age] ?? 0;
  }
}

/** Converts amounts in the order of `SiteSum` to named values. */
export function valuesOf({ counters, gauges }: SiteAmounts): SiteValues {
  const [retained = 0, retainedObjects = 0, ...retainedByAge] = gauges;
  return { ...countersOf(counters), retained, retainedByAge, retainedObjects };
}

export function countersOf([allocated = 0, allocations = 0]: readonly number[]): SiteCounters {
  return { allocated, allocations };
}

export const NOTHING: SiteValues = valuesOf(new SiteSum());
