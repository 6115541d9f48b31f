import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CountingExporter,
  type Environment,
  type ExporterDescription,
  profileExportersFromEnv,
} from '@heapray/exporter/export';
import { decodePprof } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { messageOf } from '../../errors.js';
import type { WantedProfile } from './watch-profiles.js';

/** Source of the profiles. */
export interface ProfilePushSource {
  components(): readonly string[];
  /** Resolves to a gzipped pprof profile. */
  profile(wanted: WantedProfile): Promise<Uint8Array>;
}

export interface ProfilePushOptions {
  readonly kinds: readonly ExporterDescription['kind'][];
  /** Time between two exports, in ms. */
  readonly intervalMillis: number;
  /** Folder of the exporter `file`. */
  readonly folder: string;
  /** Writes a message for the user. */
  readonly note: (text: string) => void;
  readonly env?: Environment | undefined;
  /** Time for the last export, in ms. Default 3,000: after a few seconds, supervisors kill the process. */
  readonly lastTimeoutMillis?: number | undefined;
}

interface Target {
  readonly kind: ExporterDescription['kind'];
  readonly exporter: CountingExporter;
}

const LAST_TIMEOUT_MILLIS = 3_000;

/**
 * Exports the profile of each component at regular intervals. Profiles are made one after another, and sent side by side, so
 * that a slow receiver holds up no other. A failure is reported once, until an export of its kind succeeds.
 */
export class ProfilePush {
  readonly #source: ProfilePushSource;
  readonly #options: ProfilePushOptions;
  /** Exporters of each component: that for Pyroscope knows what it has pushed of the component before. */
  readonly #targets: Map<string, readonly Target[]> = new Map();
  readonly #failed: Set<string> = new Set();
  readonly #stop: AbortController = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Exporters that have not ended their last export. */
  readonly #sending: Set<Target> = new Set();
  #making: Promise<readonly Promise<void>[]> | undefined;

  constructor(source: ProfilePushSource, options: ProfilePushOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Starts the intervals. The first export is at the end of the first. */
  start(): void {
    this.#loop = this.#run();
  }

  /** Exports a last time, and ends. Takes at most `lastTimeoutMillis`. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    const millis = this.#options.lastTimeoutMillis ?? LAST_TIMEOUT_MILLIS;
    const ended = this.exportAll().then(() => this.#shutdown([...this.#targets.values()].flat()));
    const isInTime = await Promise.race([ended.then(() => true), delay(millis, false, { ref: false })]);
    if (!isInTime) this.#options.note(`the last profiles were not sent within ${millis / 1000} s`);
  }

  /** Exports the profiles of all components now, except to receivers that are still busy. Never rejects. */
  async exportAll(): Promise<void> {
    while (this.#making !== undefined) await this.#making;
    this.#making = this.#exportAll().finally(() => {
      this.#making = undefined;
    });
    await Promise.all(await this.#making);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(this.#options.intervalMillis, undefined, { signal }).catch(() => {});
      if (!signal.aborted && this.#making === undefined) void this.exportAll();
    }
  }

  /** Resolves to the exports under way when all profiles are made. */
  async #exportAll(): Promise<readonly Promise<void>[]> {
    const components = this.#source.components();
    await this.#dropGone(components);
    const sent: Promise<void>[] = [];
    for (const component of components) {
      try {
        const profile = await this.#profileOf(component);
        for (const target of this.#targetsOf(component)) {
          if (!this.#sending.has(target)) sent.push(this.#send(target, component, profile));
        }
        this.#failed.delete(`profile ${component}`);
      } catch (error) {
        this.#report(`profile ${component}`, `${component}: profile not exported: ${messageOf(error)}`);
      }
    }
    return sent;
  }

  async #profileOf(component: string): Promise<Profile> {
    const { signal } = new AbortController();
    const form = 'pprof';
    const wanted = { component, defaultColumn: 'inuse_space', seconds: undefined, form, signal } as const;
    return decodePprof(await this.#source.profile(wanted));
  }

  async #send(target: Target, component: string, profile: Profile): Promise<void> {
    const { kind, exporter } = target;
    const resource = {
      'service.name': component,
      'host.name': hostname(),
      'heapray.component': component,
    };
    this.#sending.add(target);
    const { code, error } = await exporter.export([profile], resource);
    this.#sending.delete(target);
    if (code === 0) this.#failed.delete(kind);
    else this.#report(kind, `profiles not exported (${kind}): ${messageOf(error)}`);
  }

  #report(kind: string, text: string): void {
    if (!this.#failed.has(kind)) this.#options.note(text);
    this.#failed.add(kind);
  }

  #targetsOf(component: string): readonly Target[] {
    let targets = this.#targets.get(component);
    if (targets === undefined) {
      const { kinds, folder, env, note } = this.#options;
      // The exporters of the first component report variables that are not valid.
      const log = this.#targets.size === 0 ? (_: string, text: string) => note(text) : () => {};
      targets = profileExportersFromEnv(kinds, { file: { folder }, env, log });
      this.#targets.set(component, targets);
    }
    return targets;
  }

  async #dropGone(components: readonly string[]): Promise<void> {
    for (const [component, targets] of this.#targets) {
      if (components.includes(component)) continue;
      this.#targets.delete(component);
      await this.#shutdown(targets);
    }
  }

  async #shutdown(targets: readonly Target[]): Promise<void> {
    await Promise.all(targets.map(({ exporter }) => exporter.shutdown()));
  }
}
