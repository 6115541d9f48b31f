import type { ExporterDescription, PeriodicExportingProfileReader } from '@heapray/exporter/export';
import type { Profile } from '@heapray/exporter/profile';
import type { ProfilerThreadOptions } from '../../protocol/messages.js';
import type { ReaderSettings, ResourceAttributes } from '../../protocol/profiles/export-messages.js';
import { ExportDropCounts } from './export-drop-counts.js';

type ExportOptions = Pick<
  ProfilerThreadOptions,
  'profilesExporter' | 'profilesInterval' | 'exportEnvironment' | 'resource' | 'home'
>;

export interface ProfileExportsDeps {
  /**
   * Makes the cumulative profile.
   *
   * @param isLast true when the process ends and the main thread answers no more
   */
  readonly collect: (kind: ExporterKind, isLast: boolean) => Promise<Profile>;
  readonly stats: { drop(reason: string, count: number): void };
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void;
}

/** Timeout of an export, in ms, if the interval is longer. */
const MAX_TIMEOUT_MILLIS = 30_000;

/** Kinds of exporters, named as in the option `profilesExporter`. */
export type ExporterKind = ProfilerThreadOptions['profilesExporter'][number];

interface Running {
  readonly reader: PeriodicExportingProfileReader;
  readonly drops: ExportDropCounts;
}

/**
 * Exports profiles at regular intervals, by the readers that options or code ask for. Loads the exporters with the first
 * reader. Nothing here runs on the main thread but the polls.
 */
export class ProfileExports {
  readonly #options: ExportOptions;
  readonly #deps: ProfileExportsDeps;
  /** Readers by the number that code knows them by; those of the options have negative ones. */
  readonly #running = new Map<number, Running>();
  readonly #ending = new Set<Promise<void>>();
  /** The work of earlier calls, so that changes of the readers come one after another. */
  #changes: Promise<void> = Promise.resolve();
  #resource: ResourceAttributes;
  #isLast = false;

  constructor(options: ExportOptions, deps: ProfileExportsDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#resource = options.resource;
  }

  /** True if there is a reader, or will be one. */
  get isActive(): boolean {
    return this.#running.size > 0 || this.#options.profilesExporter.length > 0;
  }

  /** Starts the readers of the options. */
  start(): void {
    const { profilesExporter, profilesInterval, home: folder } = this.#options;
    if (profilesExporter.length === 0) return;
    const exportIntervalMillis = profilesInterval * 1000;
    const exportTimeoutMillis = Math.min(MAX_TIMEOUT_MILLIS, exportIntervalMillis);
    this.#change(async () => {
      for (const [at, kind] of profilesExporter.entries()) {
        // The others take their settings from the environment.
        const options = kind === 'file' ? { folder } : {};
        await this.#tryStart({ id: -1 - at, kind, options, exportIntervalMillis, exportTimeoutMillis });
      }
    });
  }

  /** Starts and ends readers, so that these run besides those of the options. */
  setReaders(readers: readonly ReaderSettings[]): void {
    const wanted = new Set(readers.map(({ id }) => id));
    this.#change(async () => {
      for (const [id, running] of this.#running) if (id > 0 && !wanted.has(id)) this.#end(id, running);
      for (const each of readers) if (!this.#running.has(each.id)) await this.#tryStart(each);
    });
  }

  setResource(attributes: ResourceAttributes): void {
    this.#resource = attributes;
  }

  /** Adds what the exporters have dropped since the last call to the profiler's drops. */
  countDrops(): void {
    for (const { drops } of this.#running.values()) drops.count();
  }

  /**
   * Exports a last time, and ends all readers.
   *
   * @param millis time limit
   * @param isLast true if the main thread answers no more
   */
  async shutdown(millis: number, isLast: boolean): Promise<void> {
    this.#isLast = isLast;
    const work = async () => {
      await this.#changes;
      for (const [id, running] of this.#running) this.#end(id, running);
      await Promise.all(this.#ending);
    };
    await Promise.race([work(), new Promise<void>((resolve) => setTimeout(resolve, millis).unref())]);
  }

  #change(work: () => Promise<void>): void {
    const before = this.#changes;
    const done = async () => {
      await before;
      await work();
    };
    this.#changes = done();
  }

  async #tryStart(settings: ReaderSettings): Promise<void> {
    try {
      await this.#start(settings);
    } catch (error) {
      const { kind } = settings;
      this.#deps.log('error', `profiles are not exported by ${kind}: ${(error as Error).message}`);
    }
  }

  async #start({ id, kind, options, ...times }: ReaderSettings): Promise<void> {
    const { EXPORTER_KINDS, PeriodicExportingProfileReader, profileExporterFrom } = await import(
      '@heapray/exporter/export'
    );
    const { log } = this.#deps;
    // It was made by a copy of the package that may be another.
    if (!EXPORTER_KINDS.some((each) => each === kind)) throw new Error(`no exporter is called ${kind}`);
    const description = { kind, options } as ExporterDescription;
    const exporter = profileExporterFrom(description, { env: this.#options.exportEnvironment, log });
    const reader = new PeriodicExportingProfileReader({ exporter, ...times }, { log });
    const exports = this;
    reader.setSource(
      {
        collect: () => this.#deps.collect(kind as ExporterKind, this.#isLast),
        get resource() {
          return exports.#resource;
        },
      },
      { log },
    );
    this.#running.set(id, { reader, drops: new ExportDropCounts(exporter, reader, this.#deps.stats) });
    log('debug', `profiles are exported by ${kind} every ${times.exportIntervalMillis} ms`);
  }

  #end(id: number, { reader, drops }: Running): void {
    this.#running.delete(id);
    const ended = reader.shutdown().finally(() => {
      drops.count();
      this.#ending.delete(ended);
    });
    this.#ending.add(ended);
  }
}
