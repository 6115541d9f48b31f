import type { RawFrame } from '../../protocol/code-place.js';
import { AllocatingFunctions } from './allocating-functions.js';
import { CallSites, type CodeFacts } from './call-site.js';
import { CallTree, type NodeIndex, ROOT } from './call-tree.js';
import { CarriedOver } from './estimates/carried-over.js';
import { AGE_UNIT_BYTES } from './estimates/lifetime-model.js';
import { type Collections, Reachability } from './estimates/reachability.js';
import { type Attribution, ShortLivedEstimator } from './estimates/short-lived-estimator.js';
import { GrowableFloats } from './growable-floats.js';
import { InUse } from './in-use.js';
import { type LiveSample, LiveSamples } from './live-samples.js';
import { ObjectSizes } from './object-size.js';
import { flatTree, type SampleSnapshot, type UpdateResult } from './sample-snapshot.js';

/** Follows single events, e.g. to write them to a capture. Bytes are estimates; ids are never reused. */
export interface LedgerListener {
  allocated(id: number, node: NodeIndex, bytes: number): void;
  freed(id: number): void;
  /** Samples born and dead unseen, attributed to a stack by estimate; `samples` may be fractional. */
  estimated(node: NodeIndex, samples: number, bytes: number): void;
}

export interface LedgerOptions extends CodeFacts {
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  /** Component name of this process, for stacks outside all wrapped components. */
  readonly component: string;
  readonly maxNodes?: number;
  /**
   * Number of frames that the sampler records; a stack of this depth may lack its outer frames. Default: no
   * limit.
   */
  readonly stackDepth?: number;
}

interface CompletePair {
  readonly samples: readonly LiveSample[];
  readonly weight: number;
  /** Number of samples taken inside a cut pair; undefined for a whole pair. */
  readonly cutFrom: number | undefined;
}

/** Stack that unseen samples are charged to without statistics to attribute them. */
const UNOBSERVED: RawFrame = { functionName: '(unobserved)', url: '', lineNumber: -1, columnNumber: -1 };
/** Object size for stacks without any sample seen alive, i.e. `(unobserved)`, in bytes. */
export const TYPICAL_OBJECT_BYTES = 64;
/**
 * Minimum number of samples born after a cut pair's last collection, and minimum share of all, to use the
 * pair.
 */
const MIN_BORN = 4;
const MIN_BORN_SHARE = 1 / 32;
const DEFAULT_MAX_NODES = 200_000;
const NO_COLLECTIONS: Collections = { scavenges: 0, majors: [] };
/** Number of ordinals searched for the newest missing one: the young generation holds fewer samples. */
const MAX_UNBROKEN = 20_000;

/**
 * Accounts for bytes allocated and in use, by stack. Takes polls of a sampler that shows only live samples.
 * Bytes in use follow from the newest poll. Allocated bytes are estimated: every sample seen alive counts
 * once, and those never seen are spread by `ShortLivedEstimator`.
 */
export class Ledger {
  readonly tree: CallTree;
  readonly sites: CallSites;
  readonly unobservedNode: NodeIndex;
  /**
   * True if polls also show short-lived objects. If not, allocation by call site is unknown and everything
   * allocated is charged to `(unobserved)`; the total is still right.
   */
  knowsAllocationBySite = true;
  readonly #live = new LiveSamples();
  #estimator: ShortLivedEstimator;
  readonly #allocated = new GrowableFloats();
  readonly #inUse: InUse;
  readonly #allocatedObjects = new GrowableFloats();
  readonly #seenBytes = new GrowableFloats();
  readonly #seenObjects = new GrowableFloats();
  readonly #carriedOver = new CarriedOver();
  #samplingInterval: number;
  #objectSizes: ObjectSizes;
  readonly #listeners = new Set<LedgerListener>();
  readonly #reachability: Reachability;
  /** Share of the shown bytes that is likely to be reachable, by stack; see `#estimated`. */
  #reachable: { readonly byNode: ReadonlyMap<NodeIndex, number>; readonly totalBytes: number } | undefined;
  #collections: Collections = NO_COLLECTIONS;
  #mark = 0;
  #newest = 0;
  #isResuming = false;
  #samples = 0;
  #unseen = 0;
  #earlyDeaths = 0;
  #upToDate = false;
  #wholePairs = 0;
  #cutPairs = 0;
  #sampledBytes = 0;
  #attributedBytes = 0;
  /** In squared bytes, because the interval may change when the sampler is restarted. */
  #estimateVariance = 0;
  #lostSamples = 0;
  #completePair: CompletePair | undefined;

  constructor(options: LedgerOptions) {
    this.#samplingInterval = options.samplingInterval;
    this.#objectSizes = new ObjectSizes(options.samplingInterval);
    this.tree = new CallTree({
      maxNodes: options.maxNodes ?? DEFAULT_MAX_NODES,
      stackDepth: options.stackDepth,
    });
    this.#inUse = new InUse(this.tree);
    this.sites = new CallSites(this.tree, options, options.component);
    this.#estimator = this.#newEstimator();
    this.unobservedNode = this.tree.child(ROOT, UNOBSERVED);
    this.#reachability = new Reachability(({ node }) => this.sites.siteOf(node), options.samplingInterval);
  }

  /**
   * Prepares for a sampler that has been running before: the first poll shows samples that another ledger has
   * counted. They are in use, but neither they nor earlier ones count as allocated.
   */
  resume(): void {
    this.#isResuming = true;
  }

  /** Records garbage collections, to interpret the next poll. */
  noteCollections({ scavenges, majors }: Collections): void {
    this.#collections = {
      scavenges: this.#collections.scavenges + scavenges,
      majors: [...this.#collections.majors, ...majors],
    };
  }

  /**
   * Takes a poll result.
   *
   * @param atMillis when it arrived, on any steady clock
   * @param pairMillis time since the first poll of the pair, for the second; otherwise undefined
   * @param askedMillis when it was requested; a collection since then may or may not show in it
   */
  update(
    reading: SampleSnapshot,
    atMillis: number,
    pairMillis?: number,
    askedMillis: number = atMillis,
  ): UpdateResult {
    const tree = flatTree(reading.head);
    const nodes = tree.nodes.length;
    const fresh = this.#live.sort(reading.samples, this.#newest, ++this.#mark);
    const known = fresh && this.#inUse.recognise(tree);
    if (!known) return { status: 'restarted', nodes };
    this.#inUse.read(tree, known);
    const isFirst = this.#isResuming;
    this.#isResuming = false;
    if (isFirst) this.#newest = fresh.reduce((newest, { ordinal }) => Math.max(newest, ordinal), 0);
    const before = this.#newest;
    // Report frees first, so that listeners that sum up never exceed what a poll has shown.
    const died: LiveSample[] = [];
    const freed = this.#live.sweep(this.#mark, (sample) => {
      died.push(sample);
      for (const listener of this.#listeners) listener.freed(sample.id);
    });
    const taken = this.#takeSamples(fresh, atMillis, !isFirst);
    this.#noteReachable(before, askedMillis, died);
    const unseen = isFirst ? 0 : this.#newest - before - taken.length;
    this.#samples += this.#newest - before;
    this.#sampledBytes += (this.#newest - before) * this.#samplingInterval;
    this.#countUnseen(unseen, atMillis);
    this.#countEarlyDeaths();
    // Collections count even if no sample is missing: otherwise pairs would be selected by what survives.
    const whole = unseen === 0 && freed === 0;
    if (pairMillis !== undefined && !isFirst) this.#addPair(taken, this.#newest - before, whole, pairMillis);
    this.#upToDate = this.#live.unbroken(this.#newest, this.#newest - 2) >= 2;
    return {
      status: 'ok',
      fresh: taken.length,
      freed,
      unseen,
      live: this.#live.size,
      nodes,
      whole,
      meanFrames: this.#meanFrames(taken),
    };
  }

  /**
   * Attributes unseen samples as far as the statistics allow (see `ShortLivedEstimator`). With `force`,
   * nothing stays pending.
   */
  attribute(atMillis: number, force: boolean): void {
    const attribution = this.#estimator.attribute(atMillis, force || !this.knowsAllocationBySite);
    if (attribution) this.#book(attribution);
  }

  /** Resets after the loss of the sampler: what was alive is lost, and ordinals start again from 1. */
  samplerLost(): void {
    this.#lostSamples += this.#live.size;
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
  samplerRestarted(samplingInterval: number): void {
    this.#carryOver();
    this.#live.clear(() => {});
    this.#samplingInterval = samplingInterval;
    this.#forgetReadings();
    this.#objectSizes = new ObjectSizes(samplingInterval);
    this.#estimator = this.#newEstimator();
  }

  /** Mean bytes between samples at present. */
  get samplingInterval(): number {
    return this.#samplingInterval;
  }

  addListener(listener: LedgerListener): void {
    this.#listeners.add(listener);
  }
  removeListener(listener: LedgerListener): void {
    this.#listeners.delete(listener);
  }

  /** Estimated bytes allocated with this stack since the start, as far as attributed; never decreases. */
  allocatedBytes(node: NodeIndex): number {
    return this.#allocated.get(node);
  }

  /** Approximate number of objects allocated with this stack since the start; never decreases. */
  allocatedObjects(node: NodeIndex): number {
    return this.#allocatedObjects.get(node);
  }

  /** Estimated bytes in use of all stacks together; see `inUseBytes`. */
  get totalInUseBytes(): number {
    return this.#estimated().totalBytes + this.#carriedOver.totalBytes;
  }

  /** Estimated bytes that the newest poll shows but that are likely to be dead and not collected. */
  get uncollectedBytes(): number {
    return this.#inUse.totalBytes - this.#estimated().totalBytes;
  }

  /** Estimated bytes that the newest poll shows, reachable or not, plus what was carried over. */
  get shownBytes(): number {
    return this.#inUse.totalBytes + this.#carriedOver.totalBytes;
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
    return this.#estimator.pending * this.#samplingInterval;
  }

  /**
   * Estimated bytes in use that were allocated with this stack: the part of the newest poll that is likely to
   * be reachable (see `Reachability`), plus what was carried over.
   */
  inUseBytes(node: NodeIndex): number {
    const part = this.#estimated().byNode.get(node) ?? 1;
    return part * this.#inUse.bytes(node) + this.#carriedOver.bytes(node);
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
    const objects = this.#seenObjects.get(node);
    return objects > 0 ? this.#seenBytes.get(node) / objects : undefined;
  }

  /** Counts since the start. */
  get counts(): LedgerCounts {
    return {
      samples: this.#samples,
      unseenSamples: this.#unseen,
      pendingSamples: this.#estimator.pending,
      earlyDeaths: this.#earlyDeaths,
      wholePairs: this.#wholePairs,
      cutPairs: this.#cutPairs,
      sampledBytes: this.#sampledBytes,
      attributedBytes: this.#attributedBytes,
      attributionErrorBytes: Math.sqrt(this.#estimateVariance),
      liveSamples: this.#live.size,
      lostSamples: this.#lostSamples,
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
    this.#live.forEachSample((sample) => void visit(sample, sample.bytes * this.#reachability.share(sample)));
  }

  /** Returns the reachable share of the shown bytes, by stack. Uses V8's unbiased bytes of each node. */
  #estimated(): { readonly byNode: ReadonlyMap<NodeIndex, number>; readonly totalBytes: number } {
    if (this.#reachable) return this.#reachable;
    const byNode = new Map<NodeIndex, number>();
    let totalBytes = this.#inUse.totalBytes;
    if (this.#reachability.isKnown) {
      const sums = new Map<NodeIndex, { shown: number; reachable: number }>();
      this.forEachReachable(({ node, bytes }, reachable) => {
        const sum = sums.get(node) ?? { shown: 0, reachable: 0 };
        sum.shown += bytes;
        sum.reachable += reachable;
        sums.set(node, sum);
      });
      for (const [node, { shown, reachable }] of sums) {
        const part = shown > 0 ? reachable / shown : 1;
        byNode.set(node, part);
        totalBytes -= (1 - part) * this.#inUse.bytes(node);
      }
    }
    this.#reachable = { byNode, totalBytes: Math.max(0, totalBytes) };
    return this.#reachable;
  }

  /** Carries over the bytes in use of each stack, spread over the ages of its samples. */
  #carryOver(): void {
    const sums = new Map<NodeIndex, number>();
    this.forEachReachable(({ node }, bytes) => void sums.set(node, (sums.get(node) ?? 0) + bytes));
    const { byNode } = this.#estimated();
    const inUse = (node: NodeIndex) => (byNode.get(node) ?? 1) * this.#inUse.bytes(node);
    this.forEachReachable((sample, bytes) => {
      const part = bytes / (sums.get(sample.node) || 1);
      this.#carriedOver.add(sample.node, part * inUse(sample.node), this.#reachability.age(sample));
    });
    // Add stacks whose samples V8 has rounded to 0, but not their node's bytes.
    for (let node = 0; node < this.tree.size; node++)
      if (!sums.get(node)) this.#carriedOver.add(node, inUse(node), 0);
  }

  #noteReachable(before: number, atMillis: number, died: readonly LiveSample[]): void {
    const newest = this.#newest;
    const missing = newest - this.#live.unbroken(newest, Math.max(0, newest - MAX_UNBROKEN));
    const collections = this.#collections;
    // Leave later collections to the next poll: this one may have been taken before or after them.
    const seen = collections.majors.filter(({ sweepMillis }) => sweepMillis <= atMillis);
    this.#collections = { scavenges: 0, majors: collections.majors.filter((one) => !seen.includes(one)) };
    const noted = { scavenges: collections.scavenges, majors: seen };
    this.#reachability.update({ atMillis, before, newest, missing }, noted, this.#live, died);
    this.#carriedOver.growOlder(
      ((newest - before) * this.#samplingInterval) / AGE_UNIT_BYTES,
      (node, from, to) => this.#reachability.shareOfSite(this.sites.siteOf(node), from, to),
    );
    this.#reachable = undefined;
  }

  #newEstimator(): ShortLivedEstimator {
    return new ShortLivedEstimator(new AllocatingFunctions(this.tree).of);
  }

  #forgetReadings(): void {
    this.#inUse.forget();
    this.#reachability.forgetSamples(this.#samplingInterval);
    this.#reachable = undefined;
    this.#completePair = undefined;
    this.#upToDate = false;
    this.#newest = 0;
  }

  /** Records samples seen for the first time. */
  #takeSamples(
    fresh: SampleSnapshot['samples'],
    atMillis: number,
    areCounted: boolean,
  ): readonly LiveSample[] {
    const taken = fresh.map((sample) => this.#live.add(sample, atMillis, this.#mark));
    let newest = this.#newest;
    for (const sample of taken) {
      const known = this.#inUse.node(sample.nodeId);
      // Scale to the node's bytes, which are unbiased; V8 rounds the size of each sample.
      if (known) sample.bytes = (sample.size * known.bytes) / sample.ofNode.size;
      const { id, bytes, size, ordinal } = sample;
      const node = this.#inUse.stackOf(known);
      sample.node = node;
      if (ordinal > newest) newest = ordinal;
      if (!areCounted) continue;
      this.#estimator.addSeen(node);
      this.#allocated.add(this.knowsAllocationBySite ? node : this.unobservedNode, bytes);
      this.#noteObjects(node, size, bytes);
      for (const listener of this.#listeners) listener.allocated(id, node, bytes);
    }
    this.#newest = newest;
    return taken;
  }

  #meanFrames(samples: readonly LiveSample[]): number | undefined {
    let frames = 0;
    for (const { nodeId } of samples) frames += this.#inUse.node(nodeId)?.stack.depth ?? 0;
    return samples.length > 0 ? frames / samples.length : undefined;
  }

  #noteObjects(node: NodeIndex, sampleBytes: number, bytes: number): void {
    const objects = bytes / this.#objectSizes.likely(sampleBytes);
    this.#seenBytes.add(node, bytes);
    this.#seenObjects.add(node, objects);
    this.#allocatedObjects.add(this.knowsAllocationBySite ? node : this.unobservedNode, objects);
  }

  /**
   * Keeps the samples of a pair until the next poll shows which of them survive.
   *
   * @param born number of samples taken inside the pair
   */
  #addPair(taken: readonly LiveSample[], born: number, whole: boolean, pairMillis: number): void {
    if (whole) this.#wholePairs++;
    else this.#cutPairs++;
    const weight = 1 / Math.max(pairMillis, 0.1);
    // A first poll right after a collection shows nothing new: what died then has larger ordinals than
    // everything shown, and would seem to belong to the pair.
    const known = whole || this.#upToDate;
    const represented = !known || this.#estimator.addPair(born, whole);
    if (whole) this.#completePair = { samples: taken, weight, cutFrom: undefined };
    if (represented) return;
    const since = this.#newest - this.#live.unbroken(this.#newest, this.#newest - born);
    const samples = taken.filter(({ ordinal }) => ordinal > since);
    if (samples.length < Math.max(MIN_BORN, born * MIN_BORN_SHARE)) return;
    this.#completePair = { samples, weight, cutFrom: born };
  }

  #countUnseen(unseen: number, atMillis: number): void {
    this.#unseen += unseen;
    this.#estimator.addUnseen(unseen, atMillis);
  }

  /**
   * Evaluates the waiting census at the next poll, whatever that was made for. A sample alive at that poll
   * has been seen, so it must not count as an early death later.
   */
  #countEarlyDeaths(): void {
    const completePair = this.#completePair;
    this.#completePair = undefined;
    if (!completePair) return;
    const samples = completePair.samples.map(({ id, node, bytes }) => {
      const died = this.#live.hasJustDied(id);
      if (died) this.#earlyDeaths++;
      return { node, bytes, died };
    });
    const { weight, cutFrom } = completePair;
    if (cutFrom === undefined) this.#estimator.addCensus(samples, weight);
    else this.#estimator.addCutCensus(samples, weight, cutFrom);
  }

  #book(attribution: Attribution): void {
    for (const { node, samples, bytes } of attribution.shares) {
      this.#attributedBytes += samples * this.#samplingInterval;
      this.#bookEstimate(node, samples, bytes);
    }
    const { unattributed, errorSamples } = attribution;
    this.#estimateVariance += (errorSamples * this.#samplingInterval) ** 2;
    // A sample of small objects stands for one interval of bytes on average.
    if (unattributed > 0) {
      this.#bookEstimate(this.unobservedNode, unattributed, unattributed * this.#samplingInterval);
    }
  }

  #bookEstimate(node: NodeIndex, samples: number, bytes: number): void {
    this.#allocated.add(node, bytes);
    this.#allocatedObjects.add(node, bytes / (this.likelyObjectBytes(node) ?? TYPICAL_OBJECT_BYTES));
    for (const listener of this.#listeners) listener.estimated(node, samples, bytes);
  }
}

export interface LedgerCounts {
  /** Number of samples that V8 has taken. */
  readonly samples: number;
  /** Number of these never seen alive. */
  readonly unseenSamples: number;
  /** Number of these not attributed yet. */
  readonly pendingSamples: number;
  /** Number of census samples gone at the next poll, from which unseen samples are attributed. */
  readonly earlyDeaths: number;
  /** Number of pairs without, and with, a collection between the two polls. */
  readonly wholePairs: number;
  readonly cutPairs: number;
  /** Bytes of all samples, one interval each; and of the unseen ones attributed to functions. */
  readonly sampledBytes: number;
  readonly attributedBytes: number;
  /**
   * Standard error of the attributed bytes of one function, in bytes: of the function with the largest error.
   */
  readonly attributionErrorBytes: number;
  readonly liveSamples: number;
  /** Number of samples alive when the sampler was lost; whether they were freed is unknown. */
  readonly lostSamples: number;
  /** Number of times a new stack was folded into its caller because the tree was full. */
  readonly foldedStacks: number;
}
