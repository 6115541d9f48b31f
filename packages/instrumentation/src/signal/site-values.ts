import { AGE_BUCKETS } from '../ledger/index.js';

/** The values of a call site, of several together, or of all that have no series of their own. */
export interface SiteValues {
  /** Bytes since the start; never decreases. */
  readonly allocated: number;
  /** Rough number of objects since the start; never decreases. */
  readonly allocations: number;
  /** Bytes in use now, and the same by age, in the order of `AGE_BUCKETS`. */
  readonly retained: number;
  readonly retainedByAge: readonly number[];
  /** Rough number of objects in use. */
  readonly retainedObjects: number;
}

/** The values that only grow. */
export interface SiteCounters {
  readonly allocated: number;
  readonly allocations: number;
}

/** Adds values up in place. */
export class SiteSum implements SiteValues {
  allocated = 0;
  allocations = 0;
  retained = 0;
  readonly retainedByAge: number[] = AGE_BUCKETS.map(() => 0);
  retainedObjects = 0;

  add(allocated: number, allocations: number, retained: number, retainedObjects: number): void {
    this.allocated += allocated;
    this.allocations += allocations;
    this.retained += retained;
    this.retainedObjects += retainedObjects;
  }

  addAges(bytes: readonly number[]): void {
    for (let i = 0; i < this.retainedByAge.length; i++) {
      this.retainedByAge[i] = (this.retainedByAge[i] ?? 0) + (bytes[i] ?? 0);
    }
  }
}

export const NOTHING: SiteValues = new SiteSum();

export function minus(values: SiteCounters, offset: SiteCounters): SiteCounters {
  return {
    allocated: values.allocated - offset.allocated,
    allocations: values.allocations - offset.allocations,
  };
}

export function plus(values: SiteCounters, more: SiteCounters): SiteCounters {
  return {
    allocated: values.allocated + more.allocated,
    allocations: values.allocations + more.allocations,
  };
}

/** What a series says whose counters began later than the ledger: all but what was counted before. */
export function since(values: SiteValues, offset: SiteCounters): SiteValues {
  const { retained, retainedByAge, retainedObjects } = values;
  return { ...minus(values, offset), retained, retainedByAge, retainedObjects };
}

/** Counters alone. */
export function countersOnly({ allocated, allocations }: SiteCounters): SiteValues {
  const { retained, retainedByAge, retainedObjects } = NOTHING;
  return { allocated, allocations, retained, retainedByAge, retainedObjects };
}

/**
 * The total without the rows. Sums of doubles leave dust behind, which must turn no value negative; and counters stay
 * no lower than they were: a byte less would read as a restart of the process.
 */
export function rest(total: SiteValues, rows: readonly SiteValues[], before: SiteCounters): SiteValues {
  const left = (all: number, of: (row: SiteValues) => number, atLeast = 0) =>
    Math.max(
      atLeast,
      rows.reduce((sum, row) => sum - of(row), all),
    );
  return {
    allocated: left(total.allocated, (row) => row.allocated, before.allocated),
    allocations: left(total.allocations, (row) => row.allocations, before.allocations),
    retained: left(total.retained, (row) => row.retained),
    retainedByAge: total.retainedByAge.map((all, i) => left(all, (row) => row.retainedByAge[i] ?? 0)),
    retainedObjects: left(total.retainedObjects, (row) => row.retainedObjects),
  };
}
