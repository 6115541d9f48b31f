import type { SampleSnapshot } from '../../src/profiler-thread/ledger/index.js';
import { Random } from './random.js';

/** A function that allocates steadily, always or in phases. */
export interface SimulatedSite {
  readonly name: string;
  /** Rate while it is active. */
  readonly bytesPerMilli: number;
  /** Active part of each period, in ms. Default: always active. */
  readonly active?: { readonly periodMillis: number; readonly from: number; readonly to: number };
  readonly objectBytes: number;
  /** Draws how long an object is reachable, in ms. */
  readonly lifetimeMillis: (random: Random) => number;
}

export interface SimulatedHeapOptions {
  readonly seed: number;
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  readonly sites: readonly SimulatedSite[];
  /** Bytes allocated between two young-generation collections. */
  readonly scavengeBytes: number;
  /**
   * Number of these that an object survives until it is promoted; V8 promotes full pages at once. Default: 2.
   */
  readonly survivalsToPromotion?: 1 | 2;
  /** Gaps of `scavengeBytes`: always, or on average, exponentially distributed. Default: `regular`. */
  readonly scavenges?: 'regular' | 'random';
  /** Time between old-generation collections, in ms. */
  readonly majorMillis: number;
}

interface SiteState {
  readonly site: SimulatedSite;
  readonly meanGapMillis: number;
  /** V8's scaling factor of one sample. */
  readonly scale: number;
  /** Time on a clock that stands still while the function is not active. */
  activeMillis: number;
  nextBirth: number;
  /** 0 while the function has no live samples. */
  nodeId: number;
}

interface Sample {
  readonly ordinal: number;
  readonly state: SiteState;
  readonly unreachable: number;
  /** True if it has survived a scavenge. */
  survived: boolean;
}

/**
 * Simulates a heap under V8's sampling profiler: objects are sampled by a Poisson process over allocated
 * bytes and die only in collections. A poll shows the live samples with V8's scaling and rounding, under
 * nodes that are pruned when empty and come back with a new id. The true allocation is known exactly.
 */
export class SimulatedHeap {
  readonly #options: SimulatedHeapOptions;
  readonly #random: Random;
  readonly #sites: SiteState[];
  #young: Sample[] = [];
  #old: Sample[] = [];
  #now = 0;
  /** Bytes left before the next scavenge. */
  #room: number;
  #nextMajor: number;
  #nextNodeId = 2;
  #taken = 0;

  constructor(options: SimulatedHeapOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    // Start profiling at a random moment between two collections.
    this.#room = options.scavengeBytes * this.#random.next();
    this.#nextMajor = options.majorMillis * this.#random.next();
    this.#sites = options.sites.map((site) => {
      const chance = -Math.expm1(-site.objectBytes / options.samplingInterval);
      const meanGapMillis = site.objectBytes / site.bytesPerMilli / chance;
      const state = { site, meanGapMillis, scale: 1 / chance, activeMillis: 0, nextBirth: 0, nodeId: 0 };
      this.#plan(state);
      return state;
    });
  }

  /** Number of samples taken since the sampler was started: the newest ordinal. */
  get taken(): number {
    return this.#taken;
  }

  /** Ordinals of the live samples. */
  get live(): readonly number[] {
    return [...this.#old, ...this.#young].map(({ ordinal }) => ordinal);
  }

  /** Runs the program up to a time, in ms. */
  runTo(millis: number): void {
    for (let state = this.#next(); state.nextBirth <= millis; state = this.#next()) {
      this.#allocateUntil(state.nextBirth);
      const unreachable = this.#now + state.site.lifetimeMillis(this.#random);
      this.#young.push({ ordinal: ++this.#taken, state, unreachable, survived: false });
      this.#plan(state);
    }
    this.#allocateUntil(millis);
  }

  /** Restarts the sampler, as other code might: earlier samples are lost, and all numbers restart. */
  restartSampler(): void {
    this.#young = [];
    this.#old = [];
    this.#taken = 0;
    this.#nextNodeId = 2;
    for (const state of this.#sites) state.nodeId = 0;
  }

  /** Returns V8's reply at this time. */
  reading(): SampleSnapshot {
    const live = [...this.#old, ...this.#young];
    const counts = new Map<SiteState, number>();
    for (const { state } of live) counts.set(state, (counts.get(state) ?? 0) + 1);
    for (const state of this.#sites) {
      if (!counts.has(state)) state.nodeId = 0;
      else if (state.nodeId === 0) state.nodeId = this.#nextNodeId++;
    }
    return {
      head: {
        id: 1,
        callFrame: frame('(root)'),
        selfSize: 0,
        children: [...counts].map(([{ site, scale, nodeId }, count]) => ({
          id: nodeId,
          callFrame: frame(site.name),
          selfSize: site.objectBytes * Math.round(count * scale),
          children: [],
        })),
      },
      samples: live.map(({ ordinal, state: { site, scale, nodeId } }) => ({
        size: site.objectBytes * Math.round(scale),
        nodeId,
        ordinal,
      })),
    };
  }

  #plan(state: SiteState): void {
    state.activeMillis += this.#random.exponential(state.meanGapMillis);
    state.nextBirth = wallMillis(state.activeMillis, state.site);
  }

  /** Returns the function that allocates next. */
  #next(): SiteState {
    let first = this.#sites[0]!;
    for (const state of this.#sites) if (state.nextBirth < first.nextBirth) first = state;
    return first;
  }

  /** Allocates unsampled bytes up to a time, and collects when due. */
  #allocateUntil(millis: number): void {
    while (this.#now < millis) {
      const rate = this.#bytesPerMilli();
      const scavengeAt = rate > 0 ? this.#now + this.#room / rate : Number.POSITIVE_INFINITY;
      const next = Math.min(millis, scavengeAt, this.#nextMajor);
      this.#room -= (next - this.#now) * rate;
      this.#now = next;
      if (next === this.#nextMajor) this.#collectAll();
      else if (next === scavengeAt) this.#scavenge();
    }
  }

  #bytesPerMilli(): number {
    let rate = 0;
    for (const { site } of this.#sites) if (isActive(site, this.#now)) rate += site.bytesPerMilli;
    return rate;
  }

  #scavenge(): void {
    const { scavengeBytes, scavenges, survivalsToPromotion = 2 } = this.#options;
    this.#room = scavenges === 'random' ? this.#random.exponential(scavengeBytes) : scavengeBytes;
    const young = this.#young.filter(({ unreachable }) => unreachable > this.#now);
    const isPromoted = ({ survived }: Sample) => survived || survivalsToPromotion === 1;
    this.#old.push(...young.filter((sample) => isPromoted(sample)));
    this.#young = young.filter((sample) => !isPromoted(sample));
    for (const sample of this.#young) sample.survived = true;
  }

  #collectAll(): void {
    this.#nextMajor = this.#now + this.#options.majorMillis;
    this.#young = this.#young.filter(({ unreachable }) => unreachable > this.#now);
    this.#old = this.#old.filter(({ unreachable }) => unreachable > this.#now);
  }
}

function isActive({ active }: SimulatedSite, millis: number): boolean {
  if (!active) return true;
  const at = millis % active.periodMillis;
  return at >= active.from && at < active.to;
}

function wallMillis(activeMillis: number, { active }: SimulatedSite): number {
  if (!active) return activeMillis;
  const length = active.to - active.from;
  return Math.floor(activeMillis / length) * active.periodMillis + active.from + (activeMillis % length);
}

function frame(functionName: string) {
  return { functionName, url: `file:///app/${functionName}.js`, lineNumber: 0, columnNumber: 0 };
}
