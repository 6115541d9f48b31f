import { type Labels, meaningOfPseudoFrame, type Profile, ProfileBuilder } from '@heapray/exporter/profile';
import type { LedgerKind } from '../../protocol/memory-origin.js';
import type { HighWaterMark } from '../history/high-water-mark.js';
import type { PastState } from '../history/past-states.js';
import { bytesByAge } from '../history/retention-age.js';
import {
  AGE_BUCKETS,
  type AgeBucket,
  type Ledger,
  type LedgerSource,
  type NodeIndex,
  type SiteIndex,
  TYPICAL_OBJECT_BYTES,
} from '../ledger/index.js';
import { carriedOverNote } from './carried-over-note.js';
import type { ObjectCounts } from './object-counts.js';
import { InUseByKind, type ProfilePart } from './profile-part.js';
import { SourceStacks } from './source-stacks.js';
import { errorComments, IN_USE_ERROR, inUseVariances, roundedError } from './standard-errors.js';

/** pprof's four columns of a heap profile, in its order. */
export const HEAP_COLUMNS = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
] as const;

/** Columns of the high-water mark, named as in a profile made from a memray capture. */
const PEAK_COLUMNS = [
  { type: 'peak_objects', unit: 'count' },
  { type: 'peak_space', unit: 'bytes' },
] as const;

const INLINED = 'functions inlined by the optimizer are charged to their caller';
const NONE_INLINED = 'the optimizer inlines no functions (accurate stacks)';
/** Frame of what removed sources had allocated. */
const ENDED = '(ended threads)';

export interface HeapProfileOptions {
  /** Mean bytes between samples of the main thread. */
  readonly samplingInterval: number;
  readonly mode: string;
  /** When counting began, in ms since the epoch; `alloc_*` columns count from then. */
  readonly startedMillis: number;
  readonly nowMillis: number;
  readonly defaultColumn: string;
  /** Present time on the clock of the ledger's polls; set it to split what is in use by age. */
  readonly agesAtMillis?: number | undefined;
  /** Descriptions of the leak suspects, worst first. */
  readonly leakMessages?: readonly string[];
  /** Description of the largest part of the resident memory, if that is outside of the heap. */
  readonly outsideHeap?: string | undefined;
  /** V8's own object counts of the main thread's heap; without them both objects columns are estimates, marked as such. */
  readonly objectCounts?: ObjectCounts;
  /** Comments before all others. */
  readonly notes?: readonly string[];
  /** Where the standard errors of a cumulative profile stand. Labels are for samples without ages. Default: nowhere. */
  readonly errors?: 'comments' | 'labels' | undefined;
  /** Returns true for a call site that a cumulative profile has. Default: all. */
  readonly hasSite?: ((source: LedgerSource, site: SiteIndex) => boolean) | undefined;
}

/** Allocations of sources that were removed, by kind. */
export type EndedByKind = ReadonlyMap<LedgerKind, { readonly bytes: number; readonly objects: number }>;

/** Contents of a heap profile. */
export interface HeapProfileContents {
  /** The main thread's heap first. */
  readonly sources: readonly LedgerSource[];
  readonly ended?: EndedByKind | undefined;
  readonly parts?: readonly ProfilePart[] | undefined;
}

/** A source and its state at one moment. */
export interface SourceState {
  readonly source: LedgerSource;
  readonly state: PastState;
}

/** A source and its states at two moments. */
export interface SourceChange {
  readonly source: LedgerSource;
  readonly from: PastState;
  readonly to: PastState;
}

/** Makes the cumulative heap profile: allocated since the start, and in use now. */
export function heapProfile(contents: HeapProfileContents, options: HeapProfileOptions): Profile {
  const { sources, ended = new Map(), parts = [] } = contents;
  const main = mainOf(sources);
  const errors = options.errors === 'comments' ? errorComments(sources) : [];
  const builder = heapBuilder(options, [...commentsFor(main, options), ...errors]);
  const inUse = new InUseByKind();
  for (const source of sources) {
    const counts = source.ledger === main ? options.objectCounts : undefined;
    inUse.add(sumOf(source), addPresent(builder, source, options, counts));
  }
  for (const [kind, { bytes, objects }] of ended) {
    builder.comment(`${ENDED}: ${meaningOfPseudoFrame(ENDED)}`);
    const stack = builder.stack(undefined, builder.frame(ENDED, '', 0));
    builder.add(stack, [objects, bytes, 0, 0], builder.labels({ kind }));
  }
  for (const part of parts) part.addTo(builder, inUse);
  return builder.build();
}

/** Returns the sum that a source counts in: what worker threads hold is not in the main thread's part of resident memory. */
function sumOf({ kind, thread }: LedgerSource): string {
  if (thread === undefined) return kind;
  return kind === 'heap' ? 'worker' : 'native';
}

/** Adds the present state of a source; returns its bytes in use. */
function addPresent(
  builder: ProfileBuilder,
  source: LedgerSource,
  { agesAtMillis, errors, hasSite }: HeapProfileOptions,
  counts: ObjectCounts | undefined,
): number {
  const { ledger } = source;
  const stacks = new SourceStacks(source, builder);
  const ages = agesAtMillis === undefined ? undefined : bytesByAge(ledger, agesAtMillis);
  const variances = errors === 'labels' ? inUseVariances(source) : undefined;
  let total = 0;
  for (let node = 0; node < ledger.tree.size; node++) {
    if (hasSite && !hasSite(source, ledger.sites.siteOf(node))) continue;
    // Include pending bytes in the total, charged to the `(unobserved)` stack.
    const pending = node === ledger.unobservedNode ? ledger.pendingBytes : 0;
    const allocated = ledger.allocatedBytes(node) + pending;
    const inUse = ledger.inUseBytes(node);
    if (allocated <= 0 && inUse <= 0) continue;
    total += inUse;
    const stack = stacks.stack(node);
    const each = objectBytes(ledger, node, counts);
    const variance = variances?.get(node) ?? 0;
    const error: Labels = variance > 0 ? { [IN_USE_ERROR]: roundedError(variance) } : {};
    const add = (allocatedBytes: number, inUseBytes: number, age?: AgeBucket) =>
      builder.add(
        stack,
        [allocatedBytes / each, allocatedBytes, inUseBytes / each, inUseBytes],
        stacks.labels(node, age, error),
      );
    const byAge = ages?.get(node);
    if (byAge) {
      add(allocated, 0);
      AGE_BUCKETS.forEach((age, i) => void add(0, byAge[i] ?? 0, age));
    } else add(allocated, inUse);
  }
  return total;
}

/**
 * Makes the profile of the change between two states: bytes allocated meanwhile, and the increase in use.
 * Both may be negative. Allocated bytes are negative only for `(unobserved)`, when bytes pending at the first
 * state are attributed to functions by the second. Sources that have ended meanwhile are left out.
 *
 * @param changes the main thread's heap first
 * @param parts parts that show the same change
 * @param options.startedMillis time of the first state; `nowMillis` is that of the second
 */
export function changeProfile(
  changes: readonly SourceChange[],
  options: HeapProfileOptions,
  parts: readonly ProfilePart[] = [],
): Profile {
  const main = mainOf(changes.map(({ source }) => source));
  const builder = heapBuilder(options, changeComments(main, options));
  const amounts = changes.map(({ source, from, to }) => ({
    source,
    state: {
      allocatedBytes: (node: NodeIndex) => to.allocatedBytes(node) - from.allocatedBytes(node),
      inUseBytes: (node: NodeIndex) => to.inUseBytes(node) - from.inUseBytes(node),
    },
  }));
  return finished(builder, amounts, options, parts);
}

/**
 * Makes the profile of one moment: bytes allocated until then, and in use then. Without ages.
 *
 * @param states the main thread's heap first
 * @param parts parts that show the same moment
 */
export function stateProfile(
  states: readonly SourceState[],
  options: HeapProfileOptions,
  parts: readonly ProfilePart[] = [],
): Profile {
  const main = mainOf(states.map(({ source }) => source));
  const builder = heapBuilder(options, methodComments(main, options));
  return finished(builder, states, options, parts);
}

/** Adds sources, the main thread's heap first, and parts; leaves out stacks with nothing allocated and nothing in use. */
function finished(
  builder: ProfileBuilder,
  states: readonly { source: LedgerSource; state: Pick<PastState, 'allocatedBytes' | 'inUseBytes'> }[],
  options: HeapProfileOptions,
  parts: readonly ProfilePart[],
): Profile {
  const total = new InUseByKind();
  for (const [index, { source, state }] of states.entries()) {
    const stacks = new SourceStacks(source, builder);
    const counts = index === 0 ? options.objectCounts : undefined;
    for (let node = 0; node < source.ledger.tree.size; node++) {
      const allocated = state.allocatedBytes(node);
      const inUse = state.inUseBytes(node);
      if (allocated === 0 && inUse === 0) continue;
      total.add(sumOf(source), inUse);
      const each = objectBytes(source.ledger, node, counts);
      const values = [allocated / each, allocated, inUse / each, inUse];
      builder.add(stacks.stack(node), values, stacks.labels(node));
    }
  }
  for (const part of parts) part.addTo(builder, total);
  return builder.build();
}

/**
 * Makes the profile of the high-water mark.
 *
 * @param main the ledger of the main thread's heap
 */
export function peakProfile(
  main: Ledger,
  mark: HighWaterMark | undefined,
  options: HeapProfileOptions,
): Profile {
  const builder = new ProfileBuilder({
    columns: PEAK_COLUMNS,
    defaultColumn: 'peak_space',
    period: { type: 'space', unit: 'bytes', value: options.samplingInterval },
    timeNanos: BigInt(Math.round(options.nowMillis)) * 1_000_000n,
    durationNanos: 0n,
    comments: commentsFor(main, options),
  });
  for (const { source, bytesByNode, carriedOverByNode } of mark?.parts ?? []) {
    const stacks = new SourceStacks(source, builder);
    for (const [node, bytes] of bytesByNode) {
      const each = objectBytes(source.ledger, node);
      const add = (some: number, age?: AgeBucket) =>
        builder.add(stacks.stack(node), [some / each, some], stacks.labels(node, age));
      const carriedOver = carriedOverByNode.get(node) ?? 0;
      if (bytes > carriedOver) add(bytes - carriedOver);
      if (carriedOver > 0) add(carriedOver, 'unknown');
    }
  }
  return builder.build();
}

function mainOf([main]: readonly LedgerSource[]): Ledger {
  if (!main) throw new RangeError('a profile needs a memory source');
  return main.ledger;
}

function heapBuilder(options: HeapProfileOptions, comments: readonly string[]): ProfileBuilder {
  const { startedMillis, nowMillis, samplingInterval, defaultColumn } = options;
  return new ProfileBuilder({
    columns: HEAP_COLUMNS,
    defaultColumn,
    period: { type: 'space', unit: 'bytes', value: samplingInterval },
    timeNanos: BigInt(Math.round(nowMillis)) * 1_000_000n,
    durationNanos: BigInt(Math.max(0, Math.round(nowMillis - startedMillis))) * 1_000_000n,
    comments,
    labelUnits: { [IN_USE_ERROR]: 'bytes' },
  });
}

/** Returns the mean object size of a stack, in bytes. */
export function objectBytes(ledger: Ledger, node: NodeIndex, counts?: ObjectCounts): number {
  const counted = counts?.get(node);
  if (counted) return counted.bytes / counted.count;
  return ledger.likelyObjectBytes(node) ?? TYPICAL_OBJECT_BYTES;
}

function commentsFor(ledger: Ledger, options: HeapProfileOptions): string[] {
  return [
    ...(options.notes ?? []),
    ...methodComments(ledger, options),
    ...evidenceComments(ledger),
    ...carriedOverNote(ledger),
  ];
}

/**
 * Returns comments for a change. Counts in them are since the start. The part of the two states that
 * was carried over is unknown.
 */
function changeComments(ledger: Ledger, options: HeapProfileOptions): string[] {
  return [
    ...methodComments(ledger, options),
    'the difference of two states: (unobserved) is negative where what waited for evidence at the first was charged to functions by the second',
    ...evidenceComments(ledger).map((comment) => `since the start: ${comment}`),
  ];
}

function methodComments(ledger: Ledger, options: HeapProfileOptions): string[] {
  const comments = [
    `heapray: sampled every ${options.samplingInterval} bytes on average (mode ${options.mode}); all values are estimates`,
    `a function is named where it starts; ${ledger.showsInlined ? NONE_INLINED : INLINED}`,
  ];
  if (!options.objectCounts)
    comments.push('object counts are rough: V8 did not give them, they are decoded from sample sizes');
  for (const message of options.leakMessages ?? []) comments.push(`leak suspected: ${message}`);
  if (options.outsideHeap !== undefined) comments.push(options.outsideHeap);
  if (!ledger.knowsAllocationBySite) comments.push('allocation by call site is not known in this mode');
  return comments;
}

function evidenceComments(ledger: Ledger): string[] {
  const { counts } = ledger;
  return [
    `samples ${counts.samples}, never seen alive ${counts.unseenSamples}, evidence for those: ${counts.shortLivedSamples} short-lived samples in ${counts.completePairs} pairs, ${counts.interruptedPairs} more interrupted by a collection`,
    ...statedError(ledger),
  ];
}

/** Describes the standard error of the attribution of unseen samples. */
function statedError(ledger: Ledger): string[] {
  const { sampledBytes, attributedBytes, attributionErrorBytes } = ledger.counts;
  if (!ledger.knowsAllocationBySite || attributedBytes === 0 || attributionErrorBytes === 0) return [];
  const percent = (part: number) => ((100 * part) / sampledBytes).toFixed(1);
  return [
    `alloc_space: ${percent(attributedBytes)} % is attributed by evidence; the standard error of a function's share of the whole is at most ${percent(attributionErrorBytes)} points`,
  ];
}
