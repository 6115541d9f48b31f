import {
  type LabelsHandle,
  meaningOfPseudoFrame,
  type Profile,
  ProfileBuilder,
  type StackHandle,
} from '@heapray/exporter/profile';
import type { HighWaterMark } from '../history/high-water-mark.js';
import type { PastState } from '../history/past-states.js';
import { bytesByAge } from '../history/retention-age.js';
import {
  AGE_BUCKETS,
  type AgeBucket,
  type Ledger,
  type NodeIndex,
  ROOT,
  TYPICAL_OBJECT_BYTES,
} from '../ledger/index.js';
import { carriedOverNote } from './carried-over-note.js';
import type { ObjectCounts } from './object-counts.js';

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

export interface ProfileFromLedgerOptions {
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  readonly thread: string;
  readonly mode: string;
  /** When counting began, in ms since the epoch; `alloc_*` columns count from then. */
  readonly startedMillis: number;
  readonly nowMillis: number;
  readonly defaultColumn: string;
  /** Present time on the clock of the ledger's polls; set it to split what is in use by age. */
  readonly agesAtMillis?: number | undefined;
  /** Descriptions of the leak suspects, worst first. */
  readonly leakMessages?: readonly string[];
  /** V8's own object counts; without them both objects columns are estimates, marked as such. */
  readonly objectCounts?: ObjectCounts;
}

/** Makes the cumulative heap profile: allocated since the start, and in use now. */
export function profileFromLedger(ledger: Ledger, options: ProfileFromLedgerOptions): Profile {
  const builder = heapBuilder(options, commentsFor(ledger, options));
  const stackOf = stacks(ledger, builder);
  const labelsOf = labels(ledger, builder, options);
  const ages = options.agesAtMillis === undefined ? undefined : bytesByAge(ledger, options.agesAtMillis);
  for (let node = 0; node < ledger.tree.size; node++) {
    // Include pending bytes in the total, charged to the `(unobserved)` stack.
    const pending = node === ledger.unobservedNode ? ledger.pendingBytes : 0;
    const allocated = ledger.allocatedBytes(node) + pending;
    const inUse = ledger.inUseBytes(node);
    if (allocated <= 0 && inUse <= 0) continue;
    const stack = stackOf(node);
    const each = objectBytes(ledger, node, options.objectCounts);
    const add = (allocatedBytes: number, inUseBytes: number, age?: AgeBucket) =>
      builder.add(
        stack,
        [allocatedBytes / each, allocatedBytes, inUseBytes / each, inUseBytes],
        labelsOf(node, age),
      );
    const byAge = ages?.get(node);
    if (byAge) {
      add(allocated, 0);
      AGE_BUCKETS.forEach((age, i) => void add(0, byAge[i] ?? 0, age));
    } else add(allocated, inUse);
  }
  return builder.build();
}

/**
 * Makes the profile of the change between two states: bytes allocated meanwhile, and the increase in use.
 * Both may be negative. Allocated bytes are negative only for `(unobserved)`, when bytes pending at the first
 * state are attributed to functions by the second.
 *
 * @param options.startedMillis time of the first state; `nowMillis` is that of the second
 */
export function changeProfileFromLedger(
  ledger: Ledger,
  [from, to]: readonly [PastState, PastState],
  options: ProfileFromLedgerOptions,
): Profile {
  const builder = heapBuilder(options, changeComments(ledger, options));
  const stackOf = stacks(ledger, builder);
  const labelsOf = labels(ledger, builder, options);
  for (let node = 0; node < ledger.tree.size; node++) {
    const allocated = to.allocatedBytes(node) - from.allocatedBytes(node);
    const inUse = to.inUseBytes(node) - from.inUseBytes(node);
    if (allocated === 0 && inUse === 0) continue;
    const each = objectBytes(ledger, node, options.objectCounts);
    builder.add(stackOf(node), [allocated / each, allocated, inUse / each, inUse], labelsOf(node));
  }
  return builder.build();
}

/** Makes the profile of one state: bytes allocated until then, and in use then. Without ages. */
export function stateProfileFromLedger(
  ledger: Ledger,
  state: PastState,
  options: ProfileFromLedgerOptions,
): Profile {
  const builder = heapBuilder(options, methodComments(ledger, options));
  const stackOf = stacks(ledger, builder);
  const labelsOf = labels(ledger, builder, options);
  for (let node = 0; node < ledger.tree.size; node++) {
    const allocated = state.allocatedBytes(node);
    const inUse = state.inUseBytes(node);
    if (allocated <= 0 && inUse <= 0) continue;
    const each = objectBytes(ledger, node, options.objectCounts);
    builder.add(stackOf(node), [allocated / each, allocated, inUse / each, inUse], labelsOf(node));
  }
  return builder.build();
}

/** Makes the profile of the high-water mark. */
export function peakProfileFromLedger(
  ledger: Ledger,
  mark: HighWaterMark,
  options: ProfileFromLedgerOptions,
): Profile {
  const builder = new ProfileBuilder({
    columns: PEAK_COLUMNS,
    defaultColumn: 'peak_space',
    period: { type: 'space', unit: 'bytes', value: options.samplingInterval },
    timeNanos: BigInt(Math.round(options.nowMillis)) * 1_000_000n,
    durationNanos: 0n,
    comments: commentsFor(ledger, options),
  });
  const stackOf = stacks(ledger, builder);
  const labelsOf = labels(ledger, builder, options);
  for (const [node, bytes] of mark.bytesByNode) {
    const each = objectBytes(ledger, node);
    const add = (some: number, age?: AgeBucket) =>
      builder.add(stackOf(node), [some / each, some], labelsOf(node, age));
    const carriedOver = mark.carriedOverByNode.get(node) ?? 0;
    if (bytes > carriedOver) add(bytes - carriedOver);
    if (carriedOver > 0) add(carriedOver, 'unknown');
  }
  return builder.build();
}

function heapBuilder(options: ProfileFromLedgerOptions, comments: readonly string[]): ProfileBuilder {
  const { startedMillis, nowMillis, samplingInterval, defaultColumn } = options;
  return new ProfileBuilder({
    columns: HEAP_COLUMNS,
    defaultColumn,
    period: { type: 'space', unit: 'bytes', value: samplingInterval },
    timeNanos: BigInt(Math.round(nowMillis)) * 1_000_000n,
    durationNanos: BigInt(Math.max(0, Math.round(nowMillis - startedMillis))) * 1_000_000n,
    comments,
  });
}

/** Returns the mean object size of a stack, in bytes. */
export function objectBytes(ledger: Ledger, node: NodeIndex, counts?: ObjectCounts): number {
  const counted = counts?.get(node);
  if (counted) return counted.bytes / counted.count;
  return ledger.likelyObjectBytes(node) ?? TYPICAL_OBJECT_BYTES;
}

function commentsFor(ledger: Ledger, options: ProfileFromLedgerOptions): string[] {
  return [...methodComments(ledger, options), ...evidenceComments(ledger), ...carriedOverNote(ledger)];
}

/**
 * Returns comments for a change. Counts in them are since the start. The part of the two states that
 * was carried over is unknown.
 */
function changeComments(ledger: Ledger, options: ProfileFromLedgerOptions): string[] {
  return [
    ...methodComments(ledger, options),
    'the difference of two states: (unobserved) is negative where what waited for evidence at the first was charged to functions by the second',
    ...evidenceComments(ledger).map((comment) => `since the start: ${comment}`),
  ];
}

function methodComments(ledger: Ledger, options: ProfileFromLedgerOptions): string[] {
  const comments = [
    `heapray: sampled every ${options.samplingInterval} bytes on average (mode ${options.mode}); all values are estimates`,
    'a function is named where it starts; functions inlined by the optimizer are charged to their caller',
  ];
  if (!options.objectCounts)
    comments.push('object counts are rough: V8 did not give them, they are decoded from sample sizes');
  for (const message of options.leakMessages ?? []) comments.push(`leak suspected: ${message}`);
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

/** Interns each of the ledger's stacks once in the builder. */
function stacks(ledger: Ledger, builder: ProfileBuilder): (node: NodeIndex) => StackHandle | undefined {
  const known = new Map<NodeIndex, StackHandle>();
  const stackOf = (node: NodeIndex): StackHandle | undefined => {
    const frame = node === ROOT ? undefined : ledger.sites.frame(node);
    if (!frame) return undefined;
    const found = known.get(node);
    if (found !== undefined) return found;
    const { functionName, file, line, column } = frame;
    const meaning = file === '' ? meaningOfPseudoFrame(functionName) : undefined;
    if (meaning !== undefined) builder.comment(`${functionName}: ${meaning}`);
    const parent = stackOf(ledger.tree.parent(node));
    const stack = builder.stack(parent, builder.frame(functionName, file, line, column));
    known.set(node, stack);
    return stack;
  };
  return stackOf;
}

function labels(
  ledger: Ledger,
  builder: ProfileBuilder,
  options: ProfileFromLedgerOptions,
): (node: NodeIndex, age?: AgeBucket) => LabelsHandle {
  const { thread } = options;
  return (node, age = undefined) => {
    const { packageName, packageVersion, component } = ledger.sites.site(ledger.sites.siteOf(node));
    const version = packageVersion === undefined ? {} : { package_version: packageVersion };
    return builder.labels({ package: packageName, ...version, component, thread, ...(age && { age }) });
  };
}
