// Over 400 lines, because polls and events change the same state, and all questions about it stand beside them.
import type { RawFrame } from '../../protocol/code-place.js';
import { CarriedOver } from './estimates/carried-over.js';
import { AGE_UNIT_BYTES } from './estimates/lifetime-model.js';
import { Pairs } from './estimates/pairs.js';
import { type Collections, Reachability } from './estimates/reachability.js';
import { ReachableBytes } from './estimates/reachable-bytes.js';
import { type Attribution, ShortLivedEstimator } from './estimates/short-lived-estimator.js';
import type { LedgerCounts } from './ledger-counts.js';
import type { LedgerListener, LedgerOptions, LeftOut } from './ledger-options.js';
import { AllocatingFunctions } from './state/allocating-functions.js';
import { CallSites } from './state/call-site.js';
import { CallTree, type NodeIndex, ROOT } from './state/call-tree.js';
import { type LiveSample, LiveSamples } from './state/live-samples.js';
import { ObjectSizes } from './state/object-size.js';
import type { SampleEvents } from './state/sample-events.js';
import { flatTree, type SampleSnapshot, type UpdateResult } from './state/sample-snapshot.js';
import { ShownBytes } from './state/shown-bytes.js';
import { StackTotals } from './state/stack-totals.js';

/** Stack that unseen samples are charged to without statistics to attribute them. */
const UNOBSERVED: RawFrame = { functionName: '(unobserved)', url: '', lineNumber: -1, columnNumber: -1 };
const DEFAULT_MAX_NODES = 200_000;
/**
 * Accounts for bytes allocated and in use, by stack. Takes polls of a sampler that shows only live samples.
 * Bytes in use follow from the newest poll. Allocated bytes are estimated: every sample seen alive counts
 * once, and those never seen are spread by `ShortLivedEstimator`.
 */
export class Ledger {
  readonly tree: CallTree;
  readonly sites: CallSites;
  readonly unobservedNode: NodeIndex;
  /** False if the optimizer may have inlined functions, whose bytes are charged to their callers then. */
  readonly showsInlined: boolean;
  readonly #live: LiveSamples;
  readonly #pairs: Pairs;
  readonly #totals = new StackTotals();
  readonly #carriedOver = new CarriedOver();
  readonly #listeners = new Set<LedgerListener>();
  readonly #shown: ShownBytes;
  readonly #reachability: Reachability;
  readonly #reachable: ReachableBytes;
  #samplingInterval: number;
  /** Sums of the samples seen at interval 1. */
  #seenBytes = 0;
  #seenSamples = 0;
  #objectSizes: ObjectSizes;
  #estimator: ShortLivedEstimator;
  #knowsAllocationBySite = true;
  #isResuming = false;
  /** Number of polls, refused ones included. */
  #polls = 0;
  /** Ordinal of the newest sample. */
  #newest = 0;
  readonly #counts = {
    samples: 0,
    unseenSamples: 0,
    sampledBytes: 0,
    attributedBytes: 0,
    lostSamples: 0,
    /** In squared bytes, because the interval may change when the sampler is restarted. */
    attributionVariance: 0,
  };

  constructor(options: LedgerOptions) {
    this.#live = new LiveSamples(options.nextId);
    this.#pairs = new Pairs(this.#live);
    this.showsInlined = options.showsInlined ?? false;
    this.#samplingInterval = options.samplingInterval;
    this.#objectSizes = new ObjectSizes(options.samplingInterval);
    this.tree = new CallTree({
      maxNodes: options.maxNodes ?? DEFAULT_MAX_NODES,
      stackDepth: options.stackDepth,
    });
    this.#shown = new ShownBytes(this.tree);
    this.sites = new CallSites(this.tree, options, options.component);
    this.#estimator = this.#newEstimator();
    this.unobservedNode = this.tree.child(ROOT, UNOBSERVED);
    this.#reachability = new Reachability(({ node }) => this.sites.siteOf(node), options.samplingInterval);
    this.#reachable = new ReachableBytes(this.#live, this.#shown, this.#reachability);
  }

  /**
   * Prepares for a sampler that has been running before: the first poll shows samples that another ledger has
   * counted. They are in use, but neither they nor earlier ones count as allocated.
   */
  resume(): void {
    this.#isResuming = true;
  }

  /** True until the first poll of a sampler that has been running before. */
  get isResuming(): boolean {
    return this.#isResuming;
  }

  /** Records garbage collections, to interpret the next poll. */
  noteCollections(collections: Collections): void {
    this.#reachable.addCollections(collections);
  }

  /**
   * Takes a poll result.
   *
   * @param atMillis when it arrived, on any steady clock
   * @param pairMillis time since the first poll of the pair, for the second; otherwise undefined
   * @param askedMillis when it was requested; a collection since then may or may not show in it
   * @param leftOut heapray's own samples, in exact mode; these do not count
   */
  update(
    reading: SampleSnapshot,
    atMillis: number,
    pairMillis?: number,
    askedMillis: number = atMillis,
    leftOut?: LeftOut,
  ): UpdateResult {
    const tree = flatTree(reading.head);
    const nodes = tree.nodes.length;
    const mark = ++this.#polls;
    const fresh = this.#live.splitIfSameSampler(reading.samples, this.#newest, mark);
    const known = fresh && this.#shown.matchIfSameSampler(tree);
    if (!known) return { status: 'restarted', nodes };
    this.#shown.read(tree, known);
    const isFirst = this.#isResuming;
    this.#isResuming = false;
    if (isFirst) this.#newest = fresh.reduce((newest, { ordinal }) => Math.max(newest, ordinal), 0);
    if (isFirst && leftOut) this.#newest = leftOut.newest;
    const before = this.#newest;
    // Report frees first, so that listeners that sum up never exceed what a poll has shown.
    const died: LiveSample[] = [];
    const freed = this.#live.sweep(mark, (sample) => {
      died.push(sample);
      for (const listener of this.#listeners) listener.freed(sample.id);
    });
    const taken = this.#takeSamples(fresh, atMillis, !isFirst);
    if (leftOut) this.#newest = leftOut.newest;
    const born = isFirst ? 0 : this.#newest - before - (leftOut?.own ?? 0);
    const unseen = isFirst ? 0 : born - taken.length;
    const bornBytes = this.#bytesOf(born, taken);
    this.#reachability.setSampleBytes(this.sampleBytes);
    this.#reachable.update({ askedMillis, before, newest: this.#newest }, died);
    this.#carriedOver.growOlder(bornBytes / AGE_UNIT_BYTES, (node, from, to) =>
      this.#reachability.shareOfSite(this.sites.siteOf(node), from, to),
    );
    this.#counts.samples += born;
    this.#counts.sampledBytes += bornBytes;
    this.#counts.unseenSamples += unseen;
    this.#estimator.addUnseen(unseen, atMillis);
    this.#pairs.evaluate(this.#estimator);
    // Collections count even if no sample is missing: otherwise pairs would be selected by what survives.
    const isComplete = unseen === 0 && freed === 0;
    if (pairMillis !== undefined && !isFirst) {
      const pair = { taken, born, isComplete, millis: pairMillis, newest: this.#newest };
      this.#pairs.add(this.#estimator, pair);
    }
    this.#pairs.polled(this.#newest);
    return {
      status: 'ok',
      fresh: taken.length,
      freed,
      unseen,
      live: this.#live.size,
      nodes,
      isComplete,
      meanFrames: this.#meanFrames(taken),
    };
  }

  /**
   * Takes births and deaths from a source that reports all of its samples: none is unseen, and the allocated
   * bytes are their sum. Use a ledger either for this or for `update`.
   */
  record({ born, died, askedMillis }: SampleEvents): void {
    const mark = ++this.#polls;
    const before = this.#newest;
    for (const { node, bytes, objectBytes, bornMillis, isMoved } of born) {
      const ordinal = ++this.#newest;
      const sample = this.#live.add({ size: bytes, nodeId: node, ordinal }, bornMillis, mark);
      sample.node = node;
      this.#shown.add(node, bytes);
      if (!isMoved) {
        this.#totals.addSeen(node, node, bytes, objectBytes);
        this.#counts.samples++;
        this.#counts.sampledBytes += bytes;
      }
      for (const listener of this.#listeners) listener.allocated(sample.id, node, bytes);
    }
    const gone = this.#live.remove(died);
    for (const { id, node, bytes } of gone) {
      this.#shown.add(node, -bytes);
      for (const listener of this.#listeners) listener.freed(id);
    }
    this.#reachable.update({ askedMillis, before, newest: this.#newest, outlivesScavenges: true }, gone);
  }

  /** Ordinal of the newest sample; `record` counts them up by one. */
  get newestOrdinal(): number {
    return this.#newest;
  }

  /**
   * Attributes unseen samples as far as the statistics allow (see `ShortLivedEstimator`). With `force`,
   * nothing stays pending.
   */
  attribute(atMillis: number, force: boolean): void {
    const attribution = this.#estimator.attribute(atMillis, force || !this.#knowsAllocationBySite);
    if (attribution) this.#apply(attribution);
  }

  /** Resets after the loss of the sampler: what was alive is lost, and ordinals start again from 1. */
  samplerLost(): void {
    this.#counts.lostSamples += this.#live.size;
    this.end();
  }

  /** Frees everything: the thread has ended, and its heap with it. */
  end(): void {
    this.#live.clear((id) => {
      for (const listener of this.#listeners) listener.freed(id);
    });
    this.#forgetReadings();
  }

  /**
   * Resets for a restart of the sampler with another interval, and carries over what is alive now (see
   * `CarriedOver`). Call `attribute` with `force` before: statistics of the old interval are not valid for
   * the new one.
   */
  intervalReplaced(samplingInterval: number): void {
    this.#carryOver();
    this.#live.clear(() => {});
    this.#samplingInterval = samplingInterval;
    this.#forgetReadings();
    this.#objectSizes = new ObjectSizes(samplingInterval);
    this.#estimator = this.#newEstimator();
  }

  /**
   * True if polls also show short-lived objects. If not, allocation by call site is unknown and everything
   * allocated is charged to `(unobserved)`; the total is still right.
   */
  get knowsAllocationBySite(): boolean {
    return this.#knowsAllocationBySite;
  }

  /** Records how the sampler was started: whether its polls show short-lived objects. */
  samplerStarted(seesShortLived: boolean): void {
    this.#knowsAllocationBySite = seesShortLived;
  }

  /** Mean bytes between samples at present. */
  get samplingInterval(): number {
    return this.#samplingInterval;
  }

  /** Mean bytes that one sample stands for: about one interval; at interval 1, the mean size of those seen. */
  get sampleBytes(): number {
    const isMeasured = this.#samplingInterval === 1 && this.#seenSamples > 0;
    return isMeasured ? this.#seenBytes / this.#seenSamples : this.#samplingInterval;
  }

  addListener(listener: LedgerListener): void {
    this.#listeners.add(listener);
  }
  removeListener(listener: LedgerListener): void {
    this.#listeners.delete(listener);
  }

  /** Estimated bytes allocated with this stack since the start, as far as attributed; never decreases. */
  allocatedBytes(node: NodeIndex): number {
    return this.#totals.bytes(node);
  }

  /** Approximate number of objects allocated with this stack since the start; never decreases. */
  allocatedObjects(node: NodeIndex): number {
    return this.#totals.objects(node);
  }

  /** Estimated bytes in use of all stacks together; see `inUseBytes`. */
  get totalInUseBytes(): number {
    return this.#reachable.totalBytes + this.#carriedOver.totalBytes;
  }

  /** Estimated bytes that the newest poll shows but that are likely to be dead and not collected. */
  get uncollectedBytes(): number {
    return this.#shown.totalBytes - this.#reachable.totalBytes;
  }

  /** Estimated bytes that the newest poll shows, reachable or not, plus what was carried over. */
  get shownBytes(): number {
    return this.#shown.totalBytes + this.#carriedOver.totalBytes;
  }

  /** Reachability of the live samples, as shown by collections. */
  get reachability(): Reachability {
    return this.#reachability;
  }

  /** Returns true if there are statistics to attribute the unseen samples now. */
  hasEvidence(atMillis: number): boolean {
    return this.#estimator.hasEvidence(atMillis);
  }

  /** Estimated bytes of samples that are not attributed yet. */
  get pendingBytes(): number {
    return this.#estimator.pending * this.sampleBytes;
  }

  /**
   * Estimated bytes in use that were allocated with this stack: the part of the newest poll that is likely to
   * be reachable (see `Reachability`), plus what was carried over.
   */
  inUseBytes(node: NodeIndex): number {
    return this.#reachable.bytes(node) + this.#carriedOver.bytes(node);
  }

  /** Bytes in use at a restart with another interval, less what has likely become unreachable since. */
  get carriedOver(): CarriedOver {
    return this.#carriedOver;
  }

  /**
   * Estimates the mean size of the objects allocated with this stack, in bytes; see `likelyObjectSize`.
   * Undefined for a stack without any sample seen.
   */
  likelyObjectBytes(node: NodeIndex): number | undefined {
    return this.#totals.likelyObjectBytes(node);
  }

  /** Counts since the start. */
  get counts(): LedgerCounts {
    const counts = this.#counts;
    return {
      samples: counts.samples,
      unseenSamples: counts.unseenSamples,
      pendingSamples: this.#estimator.pending,
      shortLivedSamples: this.#pairs.shortLivedSamples,
      completePairs: this.#pairs.complete,
      interruptedPairs: this.#pairs.interrupted,
      sampledBytes: counts.sampledBytes,
      attributedBytes: counts.attributedBytes,
      attributionErrorBytes: Math.sqrt(counts.attributionVariance),
      liveSamples: this.#live.size,
      lostSamples: counts.lostSamples,
      foldedStacks: this.tree.foldedStacks,
    };
  }

  /** Calls back for every live sample. */
  forEachLive(visit: (id: number, node: NodeIndex, bytes: number, firstSeenMillis: number) => void): void {
    this.#live.forEach(visit);
  }

  /**
   * Calls back for every live sample.
   *
   * @param visit.bytes the sample's estimated bytes times the probability that it is reachable
   */
  forEachReachable(visit: (sample: LiveSample, bytes: number) => void): void {
    this.#reachable.forEach(visit);
  }

  /** Carries over the bytes in use of each stack, spread over the ages of its samples. */
  #carryOver(): void {
    const sums = new Map<NodeIndex, number>();
    this.forEachReachable(({ node }, bytes) => void sums.set(node, (sums.get(node) ?? 0) + bytes));
    this.forEachReachable((sample, bytes) => {
      const part = bytes / (sums.get(sample.node) || 1);
      this.#carriedOver.add(
        sample.node,
        part * this.#reachable.bytes(sample.node),
        this.#reachability.age(sample),
      );
    });
    // Add stacks whose samples V8 has rounded to 0, but not their node's bytes.
    for (let node = 0; node < this.tree.size; node++)
      if (!sums.get(node)) this.#carriedOver.add(node, this.#reachable.bytes(node), 0);
  }

  #newEstimator(): ShortLivedEstimator {
    return new ShortLivedEstimator(new AllocatingFunctions(this.tree).of);
  }

  #forgetReadings(): void {
    this.#shown.forget();
    this.#reachability.forgetSamples(this.sampleBytes);
    this.#reachable.invalidate();
    this.#pairs.forget();
    this.#newest = 0;
    this.#isResuming = false;
  }

  /** Returns the bytes of samples, some of which were seen: an interval each, or their sizes at interval 1. */
  #bytesOf(born: number, seen: readonly LiveSample[]): number {
    if (this.#samplingInterval > 1) return born * this.#samplingInterval;
    let seenBytes = 0;
    for (const { bytes } of seen) seenBytes += bytes;
    this.#seenBytes += seenBytes;
    this.#seenSamples += seen.length;
    return seenBytes + (born - seen.length) * this.sampleBytes;
  }

  /** Records samples seen for the first time. */
  #takeSamples(
    fresh: SampleSnapshot['samples'],
    atMillis: number,
    areCounted: boolean,
  ): readonly LiveSample[] {
    const taken = fresh.map((sample) => this.#live.add(sample, atMillis, this.#polls));
    let newest = this.#newest;
    for (const sample of taken) {
      const known = this.#shown.node(sample.nodeId);
      // Scale to the node's bytes, which are unbiased; V8 rounds the size of each sample.
      // At interval 1, each size is exact.
      if (known && this.#samplingInterval > 1)
        sample.bytes = (sample.size * known.bytes) / sample.ofNode.size;
      const { id, bytes, size, ordinal } = sample;
      const node = this.#shown.stackOf(known);
      sample.node = node;
      if (ordinal > newest) newest = ordinal;
      if (!areCounted) continue;
      this.#estimator.addSeen(node);
      const charged = this.#knowsAllocationBySite ? node : this.unobservedNode;
      this.#totals.addSeen(node, charged, bytes, this.#objectSizes.likely(size));
      for (const listener of this.#listeners) listener.allocated(id, node, bytes);
    }
    this.#newest = newest;
    return taken;
  }

  #meanFrames(samples: readonly LiveSample[]): number | undefined {
    let frames = 0;
    for (const { nodeId } of samples) frames += this.#shown.node(nodeId)?.stack.depth ?? 0;
    return samples.length > 0 ? frames / samples.length : undefined;
  }

  #apply(attribution: Attribution): void {
    for (const { node, samples, bytes } of attribution.shares) {
      this.#counts.attributedBytes += samples * this.sampleBytes;
      this.#applyEstimate(node, samples, bytes);
    }
    const { unattributed, errorSamples } = attribution;
    this.#counts.attributionVariance += (errorSamples * this.sampleBytes) ** 2;
    // A sample of small objects stands for one interval of bytes on average.
    if (unattributed > 0) {
      this.#applyEstimate(this.unobservedNode, unattributed, unattributed * this.sampleBytes);
    }
  }

  #applyEstimate(node: NodeIndex, samples: number, bytes: number): void {
    this.#totals.addEstimated(node, bytes);
    for (const listener of this.#listeners) listener.estimated(node, samples, bytes);
  }
}
