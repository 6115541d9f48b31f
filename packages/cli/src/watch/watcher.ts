import { encodePprofGzip } from '@heapray/exporter/pprof';
import { findCaptures } from './capture-finder.js';
import { CaptureFollower, type CaptureState, type FollowerOptions } from './capture-follower.js';
import { captureProfile, type DefaultColumn } from './capture-profile.js';
import { readBuffer } from './growing-file.js';
import { hintsFor, type MemrayRelease } from './hints.js';
import { type MetricFamily, prometheusText } from './prometheus-text.js';
import { type Hint, type WatchedCapture, watchMetrics } from './watch-metrics.js';
import type { WatchContent } from './watch-server.js';

export interface WatcherOptions extends Omit<FollowerOptions, 'buffer'> {
  readonly paths: readonly string[];
  /** Says something to the person at the terminal. */
  readonly note: (text: string) => void;
}

/** Follows all captures at some paths. */
export class Watcher implements WatchContent {
  readonly #options: WatcherOptions;
  readonly #buffer: Buffer = readBuffer();
  readonly #followers: Map<string, WatchedCapture> = new Map();
  readonly #told: Map<string, CaptureState> = new Map();
  readonly #problems: Set<string> = new Set();
  readonly #hinted: Set<string> = new Set();
  #hints: readonly Hint[] = [];
  /** Set when it is known. */
  memray: MemrayRelease | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
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
    return [...this.#problems];
  }

  /**
   * Looks for captures and reads what is new. Resolves to whether there is more to be read at once.
   * @param final see {@link CaptureFollower.poll}
   */
  async poll(options: { readonly final?: boolean } = {}): Promise<boolean> {
    await this.#find();
    for (const { follower } of this.captures) await follower.poll(options);
    this.#forgetGone();
    this.#tell();
    this.#hints = await hintsFor(this.captures, this.memray);
    this.#giveHints();
    return this.captures.some(({ follower }) => follower.behind);
  }

  async close(): Promise<void> {
    for (const { follower } of this.captures) await follower.close();
  }

  families(): readonly MetricFamily[] {
    return watchMetrics(this.captures, this.#hints);
  }

  metrics(): string {
    return prometheusText(this.families());
  }

  components(): readonly string[] {
    return this.captures.filter(({ follower }) => follower.run).map(({ component }) => component);
  }

  async pprof(component: string, defaultColumn: DefaultColumn): Promise<Uint8Array | undefined> {
    const run = this.captures.find((watched) => watched.component === component)?.follower.run;
    if (run === undefined) return undefined;
    const command = run.capture.header?.commandLine.split(' ', 1)[0];
    const profile = captureProfile(run.capture, component, defaultColumn);
    return encodePprofGzip(profile, { mainBinary: command || 'python' });
  }

  async #find(): Promise<void> {
    const { paths, note } = this.#options;
    const { captures, problems } = await findCaptures(paths);
    for (const { path, component } of captures) {
      if (this.#followers.has(path)) continue;
      // A name that was taken when this one came is kept until it goes.
      const taken = this.captures.some((watched) => watched.component === component);
      const follower = new CaptureFollower(path, { ...this.#options, buffer: this.#buffer });
      this.#followers.set(path, { component: taken ? `${component}@${path}` : component, follower });
    }
    for (const problem of problems) if (!this.#problems.has(problem)) note(problem);
    this.#problems.clear();
    for (const problem of problems) this.#problems.add(problem);
  }

  /** A capture that is gone leaves no series behind. */
  #forgetGone(): void {
    for (const [path, { follower }] of this.#followers) {
      if (follower.state !== 'gone') continue;
      this.#options.note(`${path}: gone`);
      this.#followers.delete(path);
      this.#told.delete(path);
    }
  }

  #tell(): void {
    for (const [path, { follower }] of this.#followers) {
      const { state, reason } = follower;
      if (this.#told.get(path) === state) continue;
      this.#told.set(path, state);
      if (state !== 'waiting') this.#options.note(`${path}: ${state}${reason === '' ? '' : ` (${reason})`}`);
    }
  }

  #giveHints(): void {
    for (const { component, hint, text } of this.#hints) {
      const run = this.captures.find((watched) => watched.component === component)?.follower.header;
      const key = JSON.stringify([component, hint, run?.pid, run?.startTimeMillis]);
      if (this.#hinted.has(key)) continue;
      this.#hinted.add(key);
      this.#options.note(`hint: ${text}`);
    }
  }
}
