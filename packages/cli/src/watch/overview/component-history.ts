import { SeriesRing } from '@heapray/exporter/http';
import type { OverviewSeries } from '@heapray/exporter/page';
import type { WatchedCapture } from '../follow/watched-capture.js';
import { residentOf, runsOf } from './component-figures.js';

/** Time between two moments, in ms. */
const STEP_MILLIS = 10_000;
/** An hour. Takes 14 KiB for a component. */
const CAPACITY = 360;

const TRACED = 0;
const CHILDREN = 1;
const HEAP = 2;
const RATE = 3;
const COLUMNS = 4;

/** Keeps what the captures of one component showed in the last hour. */
export class ComponentHistory {
  readonly #ring: SeriesRing = new SeriesRing(CAPACITY, COLUMNS);
  #addedAt = Number.NEGATIVE_INFINITY;
  /** Bytes allocated up to the last moment, by run. */
  #allocated: ReadonlyMap<number, number> = new Map();

  /** Adds the present moment, at most once every 10 s. */
  add(captures: readonly WatchedCapture[], epochMillis: number): void {
    if (epochMillis - this.#addedAt < STEP_MILLIS && epochMillis >= this.#addedAt) return;
    const seconds = (epochMillis - this.#addedAt) / 1000;
    this.#addedAt = epochMillis;
    const row = this.#ring.add(epochMillis);
    const resident = residentOf(captures);
    const runs = runsOf(captures);
    row[TRACED] = resident.traced ?? Number.NaN;
    row[CHILDREN] = resident.children ?? Number.NaN;
    row[HEAP] = runs.length === 0 ? Number.NaN : runs.reduce((sum, run) => sum + run.capture.liveBytes, 0);
    row[RATE] = this.#allocatedSince(captures) / seconds;
  }

  get timesMillis(): readonly number[] {
    return this.#ring.times;
  }

  /** Resident memory, without parts that were never known. */
  get resident(): readonly OverviewSeries[] {
    return [
      { name: 'traced process', unit: 'By', values: this.#ring.column(TRACED) },
      { name: 'children', unit: 'By', values: this.#ring.column(CHILDREN) },
    ].filter(({ values }) => values.some((value) => value !== null));
  }

  get lines(): readonly OverviewSeries[] {
    return [
      { name: 'in use', unit: 'By', values: this.#ring.column(HEAP) },
      { name: 'allocation rate', unit: 'By/s', values: this.#ring.column(RATE) },
    ];
  }

  /** Returns the bytes allocated since the last moment by runs that were known then; NaN without such runs. */
  #allocatedSince(captures: readonly WatchedCapture[]): number {
    const before = this.#allocated;
    const runs = runsOf(captures).filter(({ capture }) => capture.knowsAllocated);
    this.#allocated = new Map(runs.map(({ id, capture }) => [id, capture.totalAllocated.bytes]));
    const known = runs.filter(({ id }) => before.has(id));
    if (known.length === 0) return Number.NaN;
    return known.reduce((sum, { id, capture }) => sum + capture.totalAllocated.bytes - before.get(id)!, 0);
  }
}
