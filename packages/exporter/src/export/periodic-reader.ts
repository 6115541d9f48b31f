import type { Profile, ResourceAttributes } from '../profile/index.js';
import { type ExportClock, systemClock, within } from './export-clock.js';
import { type ExportLog, RatedLog, reasonOf } from './export-log.js';
import { type ExportResult, failure, type ProfileExporter } from './profile-exporter.js';

/** Gives a reader its profiles. */
export interface ProfileSource {
  /** Resolves to the cumulative profile of this moment, or to those of several components. */
  collect(): Promise<Profile | readonly Profile[]>;
  readonly resource: ResourceAttributes;
}

export interface PeriodicExportingProfileReaderOptions {
  readonly exporter: ProfileExporter;
  /** Time between the starts of two exports, in ms. Default 60,000. */
  readonly exportIntervalMillis?: number | undefined;
  /** Timeout of collection and export together, in ms; not above the interval. Default 30,000, or the interval. */
  readonly exportTimeoutMillis?: number | undefined;
}

/** Clock and log of a reader. */
export interface ReaderDeps {
  /** Default: the system's clock. */
  readonly clock?: ExportClock | undefined;
  /** Default: no messages. */
  readonly log?: ExportLog | undefined;
}

const INTERVAL_MILLIS = 60_000;
const TIMEOUT_MILLIS = 30_000;
/** Longest time that a timer of Node can wait, in ms. */
const MAX_MILLIS = 2 ** 31 - 1;
const LATE: unique symbol = Symbol('late');

/**
 * Collects and exports profiles at regular intervals, from the moment it has a source. Exports never overlap: an
 * interval in which the previous export has not ended is skipped. Failures are logged, and never thrown.
 *
 * @experimental
 */
export class PeriodicExportingProfileReader {
  readonly exporter: ProfileExporter;
  readonly exportIntervalMillis: number;
  readonly exportTimeoutMillis: number;
  #clock: ExportClock;
  #log: RatedLog;
  #source: ProfileSource | undefined;
  #cancelTimer: () => void = () => {};
  /** The export under way, which may take longer than its timeout. */
  #running: Promise<ExportResult> | undefined;
  #ended: Promise<void> | undefined;
  #skipped = 0;

  /** @throws RangeError for an interval or a timeout that is not valid */
  constructor(options: PeriodicExportingProfileReaderOptions, { clock, log }: ReaderDeps = {}) {
    const { exporter, exportIntervalMillis = INTERVAL_MILLIS } = options;
    const { exportTimeoutMillis = Math.min(TIMEOUT_MILLIS, exportIntervalMillis) } = options;
    assertMillis('exportIntervalMillis', exportIntervalMillis, MAX_MILLIS);
    assertMillis('exportTimeoutMillis', exportTimeoutMillis, exportIntervalMillis);
    this.exporter = exporter;
    this.exportIntervalMillis = exportIntervalMillis;
    this.exportTimeoutMillis = exportTimeoutMillis;
    this.#clock = clock ?? systemClock;
    this.#log = new RatedLog(log ?? (() => {}), this.#clock);
  }

  /** Number of intervals without an export, because the previous one had not ended. */
  get skipped(): number {
    return this.#skipped;
  }

  /**
   * Starts the intervals. For the owner of the profiles: an application passes its readers to the instrumentation,
   * which calls this. A second call replaces the source.
   */
  setSource(source: ProfileSource, { clock, log }: ReaderDeps = {}): void {
    if (this.#ended !== undefined) return;
    if (clock !== undefined) this.#clock = clock;
    if (log !== undefined) this.#log = new RatedLog(log, this.#clock);
    this.#source = source;
    this.#schedule();
  }

  /** Collects and exports now. Resolves after the timeout at the latest, and never rejects. */
  async forceFlush(): Promise<void> {
    if (this.#source === undefined || this.#ended !== undefined) return;
    await within(this.#clock, this.exportTimeoutMillis, this.#flush(), undefined);
  }

  /** Exports a last time, and ends the exporter. Resolves after the timeout at the latest, and never rejects. */
  shutdown(): Promise<void> {
    this.#ended ??= this.#shutdown();
    return this.#ended;
  }

  async #shutdown(): Promise<void> {
    this.#cancelTimer();
    const work = async () => {
      if (this.#source !== undefined) await this.#exportNext();
      await this.exporter.shutdown();
    };
    const done = work().catch((error) => this.#log.warn('shutdown', `Profile exporter: ${reasonOf(error)}`));
    const end = await within(this.#clock, this.exportTimeoutMillis, done, LATE);
    if (end === LATE) this.#log.warn('shutdown', `The last profile export has not ended ${this.#limit}`);
  }

  async #flush(): Promise<void> {
    try {
      await this.#exportNext();
      await this.exporter.forceFlush();
    } catch (error) {
      this.#log.warn('flush', `Profile exporter: ${reasonOf(error)}`);
    }
  }

  #schedule(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(this.exportIntervalMillis, () => {
      this.#schedule();
      if (this.#running === undefined) void this.#exportNow();
      else this.#skipped += 1;
    });
  }

  /** Exports after the export under way has ended. */
  async #exportNext(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.#exportNow();
  }

  /** Resolves when the export has ended, or after the timeout. */
  async #exportNow(): Promise<void> {
    const running = this.#collectAndExport();
    this.#running = running;
    void running.then(() => {
      this.#running = undefined;
    });
    const result = await within(this.#clock, this.exportTimeoutMillis, running, LATE);
    const next = this.#ended === undefined ? '; the next one waits for it' : '';
    if (result === LATE) this.#log.warn('late', `Profile export has not ended ${this.#limit}${next}`);
    else if (result.code !== 0) this.#log.warn('failed', `Profiles not exported: ${reasonOf(result.error)}`);
    else this.#log.recovered('failed', 'Profiles are exported again');
  }

  async #collectAndExport(): Promise<ExportResult> {
    try {
      const source = this.#source!;
      const collected = await source.collect();
      const profiles = Array.isArray(collected) ? (collected as readonly Profile[]) : [collected as Profile];
      return await this.exporter.export(profiles, source.resource);
    } catch (error) {
      return failure(reasonOf(error));
    }
  }

  get #limit(): string {
    return `within ${this.exportTimeoutMillis} ms`;
  }
}

function assertMillis(name: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return;
  throw new RangeError(`${name}: ${value} is not valid: expected a whole number from 1 to ${max}`);
}
