import { type FoundCapture, findCaptures } from './capture-finder.js';
import { CaptureFollower } from './capture-follower.js';
import type { CaptureState } from './capture-state.js';
import { ProcessWriter } from './capture-writer.js';
import type { FollowerOptions } from './follower-options.js';
import { readBuffer } from './growing-file.js';
import { hintsFor, type MemrayRelease } from './hints.js';
import { ProcessTable } from './process-table.js';
import { type MetricFamily, prometheusText } from './prometheus-text.js';
import { RunCounter } from './run-counter.js';
import type { WorkDone } from './spare-memory.js';
import { type Hint, type WatchedCapture, watchMetrics } from './watch-metrics.js';
import { type WantedProfile, WatchProfiles } from './watch-profiles.js';
import type { WatchContent } from './watch-server.js';

/** Paths whose runs are counted; the counts of captures that are gone longest are forgotten beyond. */
const MAX_COUNTED_PATHS = 1000;

export interface WatcherOptions extends Omit<FollowerOptions, 'buffer' | 'writer' | 'runs' | 'exists'> {
  readonly paths: readonly string[];
  /** Says something to the person at the terminal. */
  readonly note: (text: string) => void;
}

/** A file without a header says nothing by which to tell it from the one that was in the way before. */
const NEWS_EACH_TIME = /"old_capture",null,null\]$/;

export interface PollOptions {
  readonly final?: boolean;
  readonly quiet?: boolean;
}

/** Follows all captures at some paths. */
export class Watcher implements WatchContent {
  readonly #options: WatcherOptions;
  readonly #buffer: Buffer = readBuffer();
  readonly #followers: Map<string, WatchedCapture> = new Map();
  readonly #told: Map<string, CaptureState> = new Map();
  readonly #runs: Map<string, RunCounter> = new Map();
  readonly #processes: ProcessTable;
  #toldOfPaths: ReadonlySet<string> = new Set();
  #problems: readonly string[] = [];
  readonly #hinted: Set<string> = new Set();
  #hints: readonly Hint[] = [];
  #gone = 0;
  /** Bytes that were read of captures that are gone. */
  #goneBytes = 0;
  #metrics: Uint8Array | undefined;
  readonly #profiles: WatchProfiles = new WatchProfiles((component) =>
    this.captures.flatMap(({ component: each, follower: { run } }) => {
      return each === component && run !== undefined ? [run] : [];
    }),
  );
  /** Set when it is known. */
  memray: MemrayRelease | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#processes = new ProcessTable(options.clock);
  }

  /** In the order they were found. */
  get captures(): readonly WatchedCapture[] {
    return [...this.#followers.values()];
  }

  get hints(): readonly Hint[] {
    return this.#hints;
  }

  /** Why paths could not be searched, as of the last poll. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /**
   * Looks for captures and reads what is new. Resolves to whether there is more to be read at once.
   * @param final see {@link CaptureFollower.poll}
   * @param quiet whether notes wait for the next poll
   */
  async poll({ final = false, quiet = false }: PollOptions = {}): Promise<boolean> {
    const { captures, emptyFolders, problems } = await findCaptures(this.#options.paths);
    for (const found of captures) if (!this.#followers.has(found.path)) this.#begin(found);
    this.#problems = problems;
    if (this.#followers.size > 0) await this.#processes.refresh();
    for (const { follower } of this.captures) await follower.poll({ final });
    if (!quiet) this.#tellOf(emptyFolders);
    this.#forgetGone();
    if (!quiet) this.#tell();
    this.#hints = await hintsFor(this.captures, this.memray);
    if (!quiet) this.#giveHints();
    this.#metrics = undefined;
    return this.captures.some(({ follower }) => follower.behind);
  }

  async close(): Promise<void> {
    for (const { follower } of this.captures) await follower.close();
  }

  get workDone(): WorkDone {
    const bytesRead = this.captures.reduce((sum, { follower }) => sum + follower.bytesRead, this.#goneBytes);
    return { bytesRead, gone: this.#gone, profiles: this.#profiles.made };
  }

  /** Whether profiles are in work. */
  get isBusy(): boolean {
    return this.#profiles.isBusy;
  }

  families(): readonly MetricFamily[] {
    return watchMetrics(this.captures, this.#hints);
  }

  /** Returns the same bytes until the next poll has ended. */
  metrics(): Uint8Array {
    this.#metrics ??= Buffer.from(prometheusText(this.families()));
    return this.#metrics;
  }

  components(): readonly string[] {
    const known = this.captures.filter(({ follower }) => follower.run);
    return [...new Set(known.map(({ component }) => component))];
  }

  reading(): readonly string[] {
    const known = new Set(this.components());
    const read = this.captures.filter(({ follower }) => follower.state === 'reading');
    return [...new Set(read.map(({ component }) => component))].filter((component) => !known.has(component));
  }

  pprof(wanted: WantedProfile): Promise<Uint8Array> {
    return this.#profiles.pprof(wanted);
  }

  #begin({ path, component, process, exists }: FoundCapture): void {
    const follower = new CaptureFollower(path, {
      ...this.#options,
      buffer: this.#buffer,
      writer: new ProcessWriter(this.#processes),
      runs: this.#runsAt(path),
      exists,
    });
    this.#followers.set(path, { component, process, follower });
  }

  /** The counter outlives the follower: it goes on when the next run begins a file of the same name. */
  #runsAt(path: string): RunCounter {
    const counter = this.#runs.get(path) ?? new RunCounter();
    this.#runs.delete(path);
    this.#runs.set(path, counter);
    for (const known of this.#runs.keys()) {
      if (this.#runs.size <= MAX_COUNTED_PATHS) break;
      if (!this.#followers.has(known)) this.#runs.delete(known);
    }
    return counter;
  }

  /** Says once what cannot be searched, and which folders have no capture; again if it was otherwise meanwhile. */
  #tellOf(emptyFolders: readonly string[]): void {
    const lines = [
      ...this.#problems,
      ...emptyFolders.map((folder) => `${folder}: no capture yet; looking for <component>_memory.bin`),
    ];
    for (const line of lines) if (!this.#toldOfPaths.has(line)) this.#options.note(line);
    this.#toldOfPaths = new Set(lines);
  }

  /** A capture that is gone leaves no series behind. */
  #forgetGone(): void {
    for (const [path, { follower }] of this.#followers) {
      if (follower.state !== 'gone') continue;
      this.#options.note(`${path}: gone`);
      this.#gone += 1;
      this.#goneBytes += follower.bytesRead;
      this.#followers.delete(path);
      this.#told.delete(path);
    }
  }

  #tell(): void {
    for (const [path, { follower }] of this.#followers) {
      const { state, reason, inPlace } = follower;
      if (this.#told.get(path) === state) continue;
      this.#told.set(path, state);
      // A file that was just begun has its header soon.
      if (state !== 'waiting' || !inPlace)
        this.#options.note(`${path}: ${state}${reason === '' ? '' : ` (${reason})`}`);
    }
  }

  #giveHints(): void {
    const given = new Set<string>();
    for (const { component, hint, text } of this.#hints) {
      const run = this.captures.find((watched) => watched.component === component)?.follower.header;
      const key = JSON.stringify([component, hint, run?.pid, run?.startTimeMillis]);
      given.add(key);
      if (this.#hinted.has(key)) continue;
      this.#hinted.add(key);
      this.#options.note(`hint: ${text}`);
    }
    for (const key of this.#hinted) if (NEWS_EACH_TIME.test(key) && !given.has(key)) this.#hinted.delete(key);
  }
}
