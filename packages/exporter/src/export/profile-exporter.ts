import type { Profile, ResourceAttributes } from '../profile/index.js';

/** Result of an export, with the numbers of OpenTelemetry's `ExportResultCode`: 0 for success, 1 for failure. */
export interface ExportResult {
  readonly code: 0 | 1;
  /** Reason of a failure. */
  readonly error?: Error;
}

/**
 * Sends profiles somewhere. Calls of `export` never overlap if a {@link PeriodicExportingProfileReader} makes them.
 *
 * @experimental
 */
export interface ProfileExporter {
  /**
   * Sends profiles. Resolves when they arrived or will not arrive in this call.
   *
   * @param profiles cumulative: `alloc_*` since the start of the process, `inuse_*` at this moment
   * @param resource attributes of the process that they describe
   */
  export(profiles: readonly Profile[], resource: ResourceAttributes): Promise<ExportResult>;
  /** Resolves when everything was sent that can be sent now. */
  forceFlush(): Promise<void>;
  /** Sends what is left, and ends. Later exports fail. */
  shutdown(): Promise<void>;
}

/** Numbers of profiles that did not arrive, by reason. A column counts as one profile where each is sent on its own. */
export interface ExportDrops {
  /** The receiver refused them. */
  readonly rejected: number;
  /** The queue or the folder had no room. */
  readonly queue_full: number;
  /** They waited for more than an hour. */
  readonly too_old: number;
  /** They could not be encoded or written, were not confirmed, or waited when the exporter ended. */
  readonly failed: number;
}

export type DropReason = keyof ExportDrops;

/** An exporter of this package. */
export interface CountingExporter extends ProfileExporter {
  readonly drops: ExportDrops;
}

/** Counts drops. */
export class DropCounter implements ExportDrops {
  rejected = 0;
  queue_full = 0;
  too_old = 0;
  failed = 0;

  add(reason: DropReason, count: number): void {
    this[reason] += count;
  }
}

export const SUCCESS: ExportResult = Object.freeze({ code: 0 });

/** Returns the result of an export that failed for this reason. */
export function failure(reason: string): ExportResult {
  return { code: 1, error: new Error(reason) };
}
