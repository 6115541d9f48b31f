import { randomUUID } from 'node:crypto';
import type { Profile, ResourceAttributes } from '../../profile/index.js';
import { type ExporterDeps, withDefaults } from '../environment.js';
import { type ExportClock, pause, within } from '../export-clock.js';
import { RatedLog, reasonOf } from '../export-log.js';
import { urlText } from '../http/http-target.js';
import { compressed, RetryingSender } from '../http/retrying-sender.js';
import type { HttpAnswer } from '../http/transport.js';
import {
  type CountingExporter,
  DropCounter,
  type DropReason,
  type ExportDrops,
  type ExportResult,
  failure,
  SUCCESS,
} from '../profile-exporter.js';
import { AllocationWindow, heapColumns } from './allocation-window.js';
import { type PushPart, pushBody, splitProfile, withinSampleLimits } from './push-parts.js';
import {
  type PyroscopeProfileExporterOptions,
  type PyroscopeSettings,
  pyroscopeSettings,
} from './pyroscope-options.js';
import { type SeriesLabel, seriesLabels } from './series-labels.js';

/** Bytes per second that a server takes by default, before compression. */
const BYTES_PER_SECOND = 4_000_000;
const NANOS_PER_MILLI = 1_000_000n;

/** End of a push of one part. `later` lets it join the next window. */
type Pushed = { readonly kind: 'delivered' } | { readonly kind: 'later'; readonly reason: string } | Dropped;

interface Dropped {
  readonly kind: DropReason;
  readonly reason: string;
}

/**
 * Pushes profiles to Pyroscope: the allocations since the last push, and the memory in use now. What
 * could not be delivered is part of the next push, until it is an hour old. Several profiles of one call are known by
 * their order, so give each its own exporter if their number changes.
 *
 * @experimental
 */
export class PyroscopeProfileExporter implements CountingExporter {
  /** The kind and options, for another thread that is to make the same exporter. */
  readonly description: { readonly kind: 'pyroscope'; readonly options: PyroscopeProfileExporterOptions };
  readonly #drops: DropCounter = new DropCounter();
  readonly #settings: PyroscopeSettings;
  readonly #clock: ExportClock;
  readonly #log: RatedLog;
  readonly #sender: RetryingSender;
  readonly #windows: AllocationWindow[] = [];
  #running: Promise<ExportResult> | undefined;
  #hasEnded = false;

  /** @throws RangeError for an option that is not valid */
  constructor(options: PyroscopeProfileExporterOptions = {}, deps: ExporterDeps = {}) {
    this.description = { kind: 'pyroscope', options };
    const { env, log, clock, transport } = withDefaults(deps);
    this.#settings = pyroscopeSettings(options, env, log);
    this.#clock = clock;
    this.#log = new RatedLog(log, clock);
    this.#sender = new RetryingSender(this.#settings.target, { clock, transport });
  }

  get drops(): ExportDrops {
    return { ...this.#drops };
  }

  /** Pushes profiles. While a push is under way it fails: what the profiles show is in the next window. */
  async export(profiles: readonly Profile[], resource: ResourceAttributes): Promise<ExportResult> {
    if (this.#hasEnded) return failure('the exporter has ended');
    if (this.#running !== undefined) return failure('the previous push has not ended');
    if (this.#settings.problem !== undefined) {
      this.#drops.add('failed', profiles.length);
      return failure(this.#settings.problem);
    }
    this.#running = this.#exportAll(profiles, resource).catch((error) => {
      this.#drops.add('failed', profiles.length);
      return failure(`cannot be pushed to Pyroscope: ${reasonOf(error)}`);
    });
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Waits for the push under way. */
  async forceFlush(): Promise<void> {
    await this.#running;
  }

  /** Waits for the push under way, at most for its timeout. A window that is not delivered then is lost. */
  async shutdown(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { timeoutMillis } = this.#settings.target;
    if (this.#running !== undefined) await within(this.#clock, timeoutMillis, this.#running, undefined);
    this.#sender.abort();
    for (const window of this.#windows) this.#drops.add('failed', window.pending);
  }

  async #exportAll(profiles: readonly Profile[], resource: ResourceAttributes): Promise<ExportResult> {
    const labels = seriesLabels(this.#settings.appName, this.#settings.tags, resource);
    let result = SUCCESS;
    for (const [at, profile] of profiles.entries()) {
      const own = await this.#exportOne(at, profile, labels);
      if (own.code !== 0) result = own;
    }
    return result;
  }

  async #exportOne(at: number, profile: Profile, labels: readonly SeriesLabel[]): Promise<ExportResult> {
    const nowNanos = BigInt(Math.round(this.#clock.now())) * NANOS_PER_MILLI;
    const columns = heapColumns(profile, nowNanos);
    if (columns === undefined) {
      this.#drops.add('failed', 1);
      return failure('a profile without alloc_space and inuse_space cannot be pushed to Pyroscope');
    }
    this.#windows[at] ??= new AllocationWindow();
    const allocated = this.#windows[at];
    const { window, tooOld } = allocated.next(withinSampleLimits(columns), this.#clock.steady());
    this.#drops.add('too_old', tooOld);
    const { parts, tooLarge } = splitProfile(window);
    if (tooLarge > 0) this.#log.warn('large', `Pyroscope: ${tooLarge} samples are too large to be pushed`);
    const settled: Profile[] = [];
    let dropped: Dropped | undefined;
    for (const [index, part] of parts.entries()) {
      if (index > 0) await pause(this.#clock, (parts[index - 1]!.pprof.length / BYTES_PER_SECOND) * 1000);
      const pushed = await this.#push(part, labels);
      if (pushed.kind === 'later') {
        allocated.settle(settled, false);
        return failure(`${pushed.reason}; the profile is part of the next push`);
      }
      settled.push(part.profile);
      if (pushed.kind !== 'delivered') dropped = pushed;
    }
    allocated.settle(settled, true);
    if (dropped === undefined && tooLarge === 0) return SUCCESS;
    this.#drops.add(dropped?.kind ?? 'failed', 1);
    return failure(dropped?.reason ?? 'samples are too large');
  }

  async #push({ pprof }: PushPart, labels: readonly SeriesLabel[]): Promise<Pushed> {
    const { compression } = this.#settings.target;
    const body = await compressed(await pushBody(labels, pprof, randomUUID()), compression);
    const outcome = await this.#sender.send(body, 'application/json');
    if (outcome.kind === 'unavailable') return { kind: 'later', reason: outcome.reason };
    if (outcome.kind === 'refused') return { kind: 'rejected', reason: outcome.reason };
    return this.#confirm(outcome.answer);
  }

  /** Checks that the answer is JSON. The login page of a proxy is not, for example. */
  #confirm({ status, body }: HttpAnswer): Pushed {
    try {
      if (body.length > 0) JSON.parse(Buffer.from(body).toString('utf8'));
      return { kind: 'delivered' };
    } catch {
      const where = urlText(this.#settings.target.url);
      return { kind: 'failed', reason: `${where}: status ${status} with a body that is not of Pyroscope` };
    }
  }
}
