import { serialize } from 'node:v8';
import type { Profile } from '@heapray/exporter/profile';
import { ArrayIsArray } from '../../protocol/primordials.js';
import type { ReaderSettings, ResourceAttributes } from '../../protocol/profiles/export-messages.js';
import { contain } from '../containment/contain.js';

/** Gives a reader its profiles. */
export interface ProfileSource {
  /** Resolves to the cumulative profile of this moment. */
  collect(): Promise<Profile>;
  readonly resource: ResourceAttributes;
}

/** Timers of a reader. */
export interface ReaderClock {
  now(): number;
  steady(): number;
  after(millis: number, callback: () => void): () => void;
  random(): number;
}

export type ReaderLog = (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void;

/** Reads profiles and exports them: `PeriodicExportingProfileReader` of `@heapray/exporter/export`, by structure. */
export interface ProfileReader {
  /** Starts reading. */
  setSource(source: ProfileSource, deps: { readonly clock?: ReaderClock; readonly log?: ReaderLog }): void;
  /** Exports now. */
  forceFlush(): Promise<void>;
  /** Exports a last time, and ends. */
  shutdown(): Promise<void>;
}

/** Returns the first value of a list that is not a reader; undefined if all are. */
export function notReader(readers: unknown): { readonly value: unknown } | undefined {
  if (!ArrayIsArray(readers)) return { value: readers };
  for (let at = 0; at < readers.length; at++) if (!isReader(readers[at])) return { value: readers[at] };
  return undefined;
}

function isReader(value: unknown): value is ProfileReader {
  const { setSource, forceFlush, shutdown } = (value ?? {}) as Partial<ProfileReader>;
  return [setSource, forceFlush, shutdown].every((method) => typeof method === 'function');
}

/** The parts of heapray's own readers and exporters used here. */
interface OwnReader {
  readonly exporter?: { readonly description?: { readonly kind?: unknown; readonly options?: unknown } };
  readonly exportIntervalMillis?: unknown;
  readonly exportTimeoutMillis?: unknown;
}

/**
 * Returns the settings of a reader whose exporter is one of heapray's own; undefined for an exporter of the application.
 *
 * @param id number of the reader
 */
export function settingsOf(reader: ProfileReader, id: number): ReaderSettings | undefined {
  return contain(
    () => {
      const { exporter, exportIntervalMillis, exportTimeoutMillis } = reader as OwnReader;
      const { kind, options } = exporter?.description ?? {};
      if (typeof kind !== 'string' || typeof options !== 'object' || options === null) return undefined;
      if (typeof exportIntervalMillis !== 'number' || typeof exportTimeoutMillis !== 'number')
        return undefined;
      // It throws for what cannot be sent to another thread. The exporter then runs here.
      serialize(options);
      return { id, kind, options, exportIntervalMillis, exportTimeoutMillis };
    },
    () => {},
  );
}
