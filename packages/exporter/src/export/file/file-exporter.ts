import { encodePprofGzip } from '../../pprof/index.js';
import type { Profile, ResourceAttributes } from '../../profile/index.js';
import { CaptureError, DatedProfiles } from '../../sinks/index.js';
import { type ExporterDeps, withDefaults } from '../environment.js';
import type { ExportClock } from '../export-clock.js';
import { RatedLog, reasonOf } from '../export-log.js';
import {
  type CountingExporter,
  DropCounter,
  type ExportDrops,
  type ExportResult,
  failure,
  SUCCESS,
} from '../profile-exporter.js';

/** Settings of a {@link FileProfileExporter}. They can be posted to another thread. */
export interface FileProfileExporterOptions {
  /** Folder of the files. Created with the first of them. */
  readonly folder: string;
  /** First part of the names. Default: `service.name` of the resource. */
  readonly name?: string | undefined;
  /** Maximum number of files of this name. Default 120, two hours at one per minute. */
  readonly maxFiles?: number | undefined;
  /** Maximum size of all files of this name, in bytes. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
}

const MAX_FILES = 120;
const MAX_BYTES = 256 * 2 ** 20;

/**
 * Writes profiles to files `<name>-<UTC time>.pb.gz`, and removes the oldest of them beyond its limits.
 *
 * @experimental
 */
export class FileProfileExporter implements CountingExporter {
  /** The kind and options, for another thread that is to make the same exporter. */
  readonly description: { readonly kind: 'file'; readonly options: FileProfileExporterOptions };
  readonly #drops: DropCounter = new DropCounter();
  readonly #options: FileProfileExporterOptions;
  readonly #clock: ExportClock;
  readonly #log: RatedLog;
  #files: { readonly name: string; readonly files: DatedProfiles } | undefined;
  #hasEnded = false;

  /** @throws RangeError for an option that is not valid */
  constructor(options: FileProfileExporterOptions, deps: ExporterDeps = {}) {
    const { folder, maxFiles = 1, maxBytes = 1 } = options;
    if (folder === '') throw new RangeError('folder: "" is not valid: expected a path');
    for (const [name, value] of Object.entries({ maxFiles, maxBytes })) {
      if (Number.isSafeInteger(value) && value >= 1) continue;
      throw new RangeError(`${name}: ${value} is not valid: expected a whole number from 1`);
    }
    this.description = { kind: 'file', options };
    this.#options = options;
    const { log, clock } = withDefaults(deps);
    this.#clock = clock;
    this.#log = new RatedLog(log, clock);
  }

  get drops(): ExportDrops {
    return { ...this.#drops };
  }

  async export(profiles: readonly Profile[], resource: ResourceAttributes): Promise<ExportResult> {
    if (this.#hasEnded) return failure('the exporter has ended');
    const files = this.#filesOf(resource);
    let result = SUCCESS;
    for (const profile of profiles) {
      try {
        files.add(await encodePprofGzip(profile));
      } catch (error) {
        const hasNoRoom =
          error instanceof CaptureError && (error.code === undefined || error.code === 'ENOSPC');
        this.#drops.add(hasNoRoom ? 'queue_full' : 'failed', 1);
        result = failure(reasonOf(error));
      }
    }
    const [problem] = files.prune();
    if (problem !== undefined) this.#log.warn('prune', `Old profile not removed: ${problem.message}`);
    return result;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.#hasEnded = true;
  }

  #filesOf(resource: ResourceAttributes): DatedProfiles {
    const service = resource['service.name'];
    const name = this.#options.name ?? (typeof service === 'string' && service !== '' ? service : 'node');
    if (this.#files?.name !== name) {
      const { folder, maxFiles = MAX_FILES, maxBytes = MAX_BYTES } = this.#options;
      const now = () => this.#clock.now();
      this.#files = { name, files: new DatedProfiles({ folder, name, keep: maxFiles, maxBytes, now }) };
    }
    return this.#files.files;
  }
}
