import { type Profile, subtractProfiles, type TopRow, topOf } from '@heapray/exporter/profile';
import { type NodeProfileOptions, profileOfNodes } from './profile-of-nodes.js';
import { bytesByNode, type Reading, type Sample } from './reading.js';

/** A function whose memory grew while it was sampled. */
export interface Growth extends Pick<TopRow, 'name' | 'file' | 'line' | 'column'> {
  /** Bytes more than at the start. */
  readonly bytes: number;
  /** The part of `bytes` that was allocated in the first half of all allocations; undefined if unknown. */
  readonly old: number | undefined;
}

/** Facts for the profile in which the memory is summed up by function. */
export type GrowthOptions = Pick<
  NodeProfileOptions,
  'atMillis' | 'durationMillis' | 'interval' | 'program' | 'comments'
>;

/** Number of samples from the first half, still in use at the end, from which growth is believed. */
const MIN_SAMPLES = 8;
/** Growth has at least this share of memory of the first half, in relation to that of the second half. */
const MIN_SHARE = 0.5;
const MAX_ROWS = 5;

/**
 * Returns the functions that keep what they allocate, the largest first. Of such a function, as much is in use of what it
 * has allocated in the first half as of the second half. Of other functions, only the newest is in use. Halves are those
 * of the number of samples, so of allocated bytes and not of time.
 */
export function growthOf(reading: Reading, lastOrdinal: number, base: GrowthOptions): readonly Growth[] {
  const isOld = ({ ordinal }: Sample) => 2 * ordinal <= lastOrdinal;
  const oldSamples = reading.samples.filter(isOld);
  const profile = profileOfNodes({
    ...base,
    nodes: reading.nodes,
    columns: [
      { type: 'inuse_space', unit: 'bytes', values: bytesByNode(reading.samples) },
      { type: 'old_space', unit: 'bytes', values: bytesByNode(oldSamples) },
      { type: 'old_samples', unit: 'count', values: bytesByNode(oldSamples, () => 1) },
    ],
  });
  const flat = (column: string) => {
    return new Map(topOf(profile, { column, groupBy: 'function' }).map((row) => [keyOf(row), row.flat]));
  };
  const [old, samples] = [flat('old_space'), flat('old_samples')];
  const rows = topOf(profile, { column: 'inuse_space', groupBy: 'function' }).filter((row) => {
    const first = old.get(keyOf(row)) ?? 0;
    return (samples.get(keyOf(row)) ?? 0) >= MIN_SAMPLES && first >= MIN_SHARE * (row.flat - first);
  });
  return rows.slice(0, MAX_ROWS).map((row) => growth(row, old.get(keyOf(row))));
}

/** Returns the functions with more in use in `later` than in `earlier`, the largest difference first. */
export function differenceOf(earlier: Profile, later: Profile): readonly Growth[] {
  const rows = topOf(subtractProfiles(later, earlier), { column: 'inuse_space', groupBy: 'function' });
  return rows
    .filter(({ flat }) => flat > 0)
    .slice(0, MAX_ROWS)
    .map((row) => growth(row, undefined));
}

function growth({ name, file, line, column, flat }: TopRow, old: number | undefined): Growth {
  return { name, file, line, column, bytes: flat, old };
}

function keyOf({ name, file, line, column }: TopRow): string {
  return `${name}\0${file}\0${line}:${column}`;
}
