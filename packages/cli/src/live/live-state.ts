import type { CaptureEnd } from '@heapray/exporter/memray';
import type { Profile } from '@heapray/exporter/profile';

/** The memory of a program at one moment, as far as the source knows it. */
export interface LiveState {
  /** Time of the state, in ms since the Unix epoch. */
  readonly atMillis: number;
  /** Changes when another run of the program begins; growth is then counted from that moment. */
  readonly run: string;
  /** Command line or name of the program. */
  readonly program: string;
  readonly pid?: number | undefined;
  /** Start of the program, or of its profiling, in ms since the Unix epoch. */
  readonly startMillis?: number | undefined;
  /** End of a program that does not run any more, in ms since the Unix epoch. */
  readonly endMillis?: number | undefined;
  /** Has at least the column `inuse_space`. */
  readonly profile: Profile;
  readonly peakBytes?: number | undefined;
  /** All resident memory in bytes. */
  readonly residentBytes?: number | undefined;
  /** Parts of the resident memory. Empty if they are unknown. */
  readonly residentParts: readonly MemoryPart[];
  /** Largest size of the heap in bytes; undefined if unknown. */
  readonly heapLimit?: number | undefined;
  /** Other figures, such as the number of events. */
  readonly facts: readonly (readonly [name: string, text: string])[];
  /** Lines that someone should read, such as leak suspects. */
  readonly warnings: readonly string[];
  /** The time before the first state. Undefined if unknown. */
  readonly past?: LivePast | undefined;
}

/** Sums over time, the oldest first. */
export interface LivePast {
  /** Bytes in use. */
  readonly inUse: HistoryPoints;
  /** Bytes allocated per second. */
  readonly rate: HistoryPoints;
}

export type HistoryPoints = readonly HistoryPoint[];

/** One value at one time. */
export interface HistoryPoint {
  /** In ms since the Unix epoch. */
  readonly atMillis: number;
  readonly value: number;
}

export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

/** The result of one poll of a source. */
export interface LivePoll {
  /** The newest state. Undefined until there is one. The same object as before if nothing is new. */
  readonly state: LiveState | undefined;
  /** State of the source in a few words, such as `waiting for a program at port 7777`; empty if there is nothing to say. */
  readonly status: string;
  /** Set if the source has no more data. */
  readonly end?: LiveEnd;
  /** Time until the next poll in ms. Default: the interval of the source. */
  readonly waitMillis?: number;
}

/** The reason why a source has no more data. */
export interface LiveEnd {
  /** - `ended`: the program has ended
   * - `lost`: the connection was closed in the middle
   * - `complete`: the data is complete and stays readable, as that of a finished file */
  readonly kind: 'ended' | 'lost' | 'complete';
  readonly message: string;
  /** End of a capture; undefined for other sources. */
  readonly capture?: CaptureEnd | undefined;
}

/** The memory of a program, by polls. */
export interface LiveSource {
  /** Path, URL or port, for messages. */
  readonly name: string;
  /** Time between two polls in ms. */
  readonly intervalMillis: number;
  /**
   * Reads what is new.
   *
   * @throws CommandError (rejects) if the source cannot be read at all
   */
  poll(signal: AbortSignal): Promise<LivePoll>;
  /** Makes the next poll connect again, or wait for the next run of the program. */
  reconnect(): void;
  close(): Promise<void>;
}
