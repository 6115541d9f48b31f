import { type FoundCapture, findCaptures } from './follow/capture-finder.js';
import { CaptureFollower } from './follow/capture-follower.js';
import type { CaptureState } from './follow/capture-state.js';
import { ProcessWriter } from './follow/capture-writer.js';
import type { FollowerOptions } from './follow/follower-options.js';
import { readBuffer } from './follow/growing-file.js';
import { ProcessTable } from './follow/process-table.js';
import { RunCounter } from './follow/run-counter.js';
import type { Hint, WatchedCapture } from './follow/watched-capture.js';
import { hintsFor, type MemrayRelease } from './hints.js';
import type { WorkDone } from './idle-collector.js';
import { type WantedComparison, type WantedProfile, WatchProfiles } from './profiles/watch-profiles.js';
import type { ProfileContent } from './server/watch-server.js';

/**
 * Maximum number of paths whose runs are counted. Beyond that, the counts of captures that disappeared first are
 * dropped.
 */
const MAX_COUNTED_PATHS = 1000;

export interface WatcherOptions extends Omit<FollowerOptions, 'buffer' | 'writer' | 'runs' | 'exists'> {
  readonly paths: readonly string[];
  /** Writes a message for the user. */
  readonly note: (text: string) => void;
}

/**
 * Keys of hints that are repeated after an interruption: a file without a header cannot be distinguished from the
 * previous one in its place.
 */
const REPEATED_HINT = /"old_capture",null,null\]$/;

export interface PollOptions {
  readonly final?: boolean;
  readonly quiet?: boolean;
}

/** Follows all captures at some paths. */
export class Watcher implements ProfileContent {
  readonly #options: WatcherOptions;
  readonly #buffer: Buffer = readBuffer();
  readonly #followers: Map<string, WatchedCapture> = new Map();
  readonly #reportedStates: Map<string, CaptureState> = new Map();
  readonly #runs: Map<string, RunCounter> = new Map();
  readonly #processes: ProcessTable;
  #reportedPaths: ReadonlySet<string> = new Set();
  #problems: readonly string[] = [];
  readonly #reportedHints: Set<string> = new Set();
  #hints: readonly Hint[] = [];
  #gone = 0;
  /** Number of bytes read of captures that are gone. */
  #goneBytes = 0;
  #polls = 0;
  readonly #profiles: WatchProfiles = new WatchProfiles((component) =>
    this.captures.flatMap(({ component: each, follower: { run } }) => {
      return each === component && run !== undefined ? [run] : [];
    }),
  );
  /** The installed memray, once it is known. */
  memray: MemrayRelease | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#processes = new ProcessTable(options.clock);
  }

  /** All captures in the order in which they were found. */
  get captures(): readonly WatchedCapture[] {
    return [...this.#followers.values()];
  }

  get hints(): readonly Hint[] {
    return this.#hints;
  }

  /** Reasons why paths could not be searched, as of the last poll. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /**
   * Searches captures and reads new data. Resolves to whether more data is available now.
   *
   * @param options.final see {@link CaptureFollower.poll}
   * @param options.quiet whether to keep messages for the next poll. Default false
   */
  async poll({ final = false, quiet = false }: PollOptions = {}): Promise<boolean> {
    const { captures, emptyFolders, problems } = await findCaptures(this.#options.paths);
    for (const found of captures) if (!this.#followers.has(found.path)) this.#startFollowing(found);
    this.#problems = problems;
    if (this.#followers.size > 0) await this.#processes.refresh();
    for (const { follower } of this.captures) await follower.poll({ final });
    if (!quiet) this.#reportPaths(emptyFolders);
    this.#dropGone();
    if (!quiet) this.#reportStates();
    this.#hints = await hintsFor(this.captures, this.memray);
    if (!quiet) this.#reportHints();
    this.#polls += 1;
    return this.captures.some(({ follower }) => follower.hasUnread);
  }

  async close(): Promise<void> {
    for (const { follower } of this.captures) await follower.close();
  }

  get workDone(): WorkDone {
    const bytesRead = this.captures.reduce((sum, { follower }) => sum + follower.bytesRead, this.#goneBytes);
    return { bytesRead, gone: this.#gone, profiles: this.#profiles.made };
  }

  /** True if profiles are in work. */
  get isBusy(): boolean {
    return this.#profiles.isBusy;
  }

  /** Number of polls that have ended. */
  get polls(): number {
    return this.#polls;
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

  profile(wanted: WantedProfile): Promise<Uint8Array> {
    return this.#profiles.profile(wanted);
  }

  comparison(wanted: WantedComparison): Promise<Uint8Array> {
    return this.#profiles.comparison(wanted);
  }

  #startFollowing({ path, component, process, exists }: FoundCapture): void {
    const follower = new CaptureFollower(path, {
      ...this.#options,
      buffer: this.#buffer,
      writer: new ProcessWriter(this.#processes),
      runs: this.#runsAt(path),
      exists,
    });
    this.#followers.set(path, { component, process, follower });
  }

  /**
   * Returns the run counter of a path. It outlives the follower, and continues when the next run creates a file of the
   * same name.
   */
  #runsAt(path: string): RunCounter {
    const counter = this.#runs.get(path) ?? new RunCounter(this.#options.clock());
    this.#runs.delete(path);
    this.#runs.set(path, counter);
    for (const known of this.#runs.keys()) {
      if (this.#runs.size <= MAX_COUNTED_PATHS) break;
      if (!this.#followers.has(known)) this.#runs.delete(known);
    }
    return counter;
  }

  /** Reports paths that cannot be searched and folders without captures, once until it changes. */
  #reportPaths(emptyFolders: readonly string[]): void {
    const lines = [
      ...this.#problems,
      ...emptyFolders.map((folder) => `${folder}: no capture yet; looking for <component>_memory.bin`),
    ];
    for (const line of lines) if (!this.#reportedPaths.has(line)) this.#options.note(line);
    this.#reportedPaths = new Set(lines);
  }

  /** Drops captures that are gone, including their series. */
  #dropGone(): void {
    for (const [path, { follower }] of this.#followers) {
      if (follower.state !== 'gone') continue;
      this.#options.note(`${path}: gone`);
      this.#gone += 1;
      this.#goneBytes += follower.bytesRead;
      this.#followers.delete(path);
      this.#reportedStates.delete(path);
    }
  }

  #reportStates(): void {
    for (const [path, { follower }] of this.#followers) {
      const { state, reason, inPlace } = follower;
      if (this.#reportedStates.get(path) === state) continue;
      this.#reportedStates.set(path, state);
      // A file that was just created will soon have its header.
      if (state !== 'waiting' || !inPlace)
        this.#options.note(`${path}: ${state}${reason === '' ? '' : ` (${reason})`}`);
    }
  }

  #reportHints(): void {
    const current = new Set<string>();
    for (const { component, hint, text } of this.#hints) {
      const run = this.captures.find((watched) => watched.component === component)?.follower.header;
      const key = JSON.stringify([component, hint, run?.pid, run?.startTimeMillis]);
      current.add(key);
      if (this.#reportedHints.has(key)) continue;
      this.#reportedHints.add(key);
      this.#options.note(`hint: ${text}`);
    }
    for (const key of this.#reportedHints)
      if (REPEATED_HINT.test(key) && !current.has(key)) this.#reportedHints.delete(key);
  }
}
