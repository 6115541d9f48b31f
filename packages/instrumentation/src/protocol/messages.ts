import type { MessagePort } from 'node:worker_threads';
import type { HostPort, ResolvedOptions } from '../config/index.js';
import type { BufferBatch } from './buffer-events.js';
import type { CaptureScope, Observations } from './captures/component-contexts.js';
import type { FunctionLocation } from './code-place.js';
import type { MemoryOrigin } from './memory-origin.js';
import type {
  KernelMemory,
  LastAnswers,
  PointAttributes,
  PointsAnswer,
  PointsRequest,
} from './metric-points.js';
import type { ObjectCountTable } from './object-count-table.js';
import type { ReaderSettings, ResourceAttributes } from './profiles/export-messages.js';
import type { MadeProfile, PageAnswer, PageQuestion, WantedProfile } from './profiles/profile-requests.js';
import type { ResidentMemory } from './resident-memory.js';
import type { SamplerMode } from './sampler-mode.js';

/** Options that the profiler thread is started with: those of the process, and facts about the process. */
export interface ProfilerThreadOptions extends ResolvedOptions {
  /** True if the sampling interval is the default. */
  readonly isAdaptive: boolean;
  /** The component whose capture runs from start to exit, if any. */
  readonly processCapture: string | undefined;
  /** True if a capture or a viewer follows single events; polls are more frequent then. */
  readonly traced: boolean;
  /** Set if exact mode runs from the start. */
  readonly exact: ExactStart | undefined;
  /** `threadId` of each earlier profiler thread of this process that died. Empty for the first. */
  readonly endedThreads: readonly number[];
  /** Last metric points of the profiler thread that died before this one; empty for the first. */
  readonly lastAnswers: LastAnswers;
  /** V8's heap limit of the main thread, in bytes. */
  readonly heapLimit: number;
  /** Options of Node: `NODE_OPTIONS`, then those of the command line. */
  readonly nodeFlags: string;
  /** True if Node's permission model lets the process listen on ports. */
  readonly mayListen: boolean;
  /** Delay before the debug server listens, in ms. */
  readonly debugServerDelayMillis: number;
  /** Folders in which processes that share an address can meet, the first choice first. */
  readonly groupFolders: readonly string[];
  /** Address of the page of metrics, if this thread is to serve it. */
  readonly metricsAddress: HostPort | undefined;
  /** Variables of the environment that exporters of profiles read. */
  readonly exportEnvironment: Readonly<Record<string, string>>;
  /** Resource that profiles are exported with. */
  readonly resource: ResourceAttributes;
  readonly commandLine: string;
  readonly pid: number;
  readonly workingFolder: string;
  readonly mode: SamplerMode | undefined;
  /** Path of the native binding's module, to start the samplers of worker threads; undefined without one. */
  readonly samplerBinding: string | undefined;
  /**
   * True if the sampler was running before this thread: the samples of the first poll are already counted.
   */
  readonly isResumed: boolean;
  /** Carries `ToProfilerThread` and `FromProfilerThread` messages. */
  readonly port: MessagePort;
  /** See `ControlWord`. */
  readonly control: SharedArrayBuffer;
}

/** Int32 words shared by both threads, for when the main thread cannot wait for messages. */
export const ControlWord = {
  /** Written by the main thread: 1 when it is about to exit, `ABANDONED` when it gives this thread up. */
  exit: 0,
  /** Written by the profiler thread: 1 after its last poll, 2 when everything is written and disconnected. */
  done: 1,
  /** Written by the profiler thread: 1 before it connects, as it must be waited for then; later `WORKING`. */
  ready: 2,
  /**
   * Number of young-generation collections. The main thread adds; the profiler thread takes and resets it.
   */
  scavenges: 3,
  /** Duration of the main thread's collections, in microseconds. Added and taken like `scavenges`. */
  collectionMicros: 4,
  /** Written by the profiler thread: 1 when the debug server's port was freed on request. */
  debugPortFree: 5,
  /** The same of the port of metrics. */
  metricsPortFree: 6,
  /** Number of `buffers` messages that the profiler thread has taken. */
  bufferBatches: 7,
  /** Written by the profiler thread: 1 while it reads a poll of exact mode, for which the main thread waits. */
  reading: 8,
  /** Number of times that the main thread has replaced the sampler by itself. */
  samplerChanges: 9,
  /** Number of requests to begin or end an exact capture that the profiler thread has done. */
  exactCaptures: 10,
  /** Written by the profiler thread: time that its end needs beyond the usual, in ms. */
  endMillis: 11,
  /** Written by the profiler thread: 1 while the commands of a poll of exact mode are not all on their way. */
  held: 12,
  /** 1 once the program has not waited until an exact capture had begun or ended. */
  exactLate: 13,
  /** Written by the profiler thread: number of times that it has found the sampler stopped or replaced by other code. */
  samplerLosses: 14,
} as const;
/** Value of `ready` when the thread has fully started. */
export const WORKING = 2;
/**
 * Value of `exit` when profiling has failed: the thread releases everything and idles, without sending a
 * message. Messages and the thread's exit would run Node code on the main thread, which may be the code that
 * fails.
 */
export const ABANDONED = 2;
export const CONTROL_BYTES: number = 15 * Int32Array.BYTES_PER_ELEMENT;

/** Facts about the main thread at the start of exact mode. */
export interface ExactStart {
  /** Bytes that the young generation holds until V8 collects it. */
  readonly youngBytes: number;
  /** Measured cost of one sample, in microseconds. */
  readonly sampleMicros: number;
  /** Time of the start, on the clock that all threads share; see `monotonicMillis`. */
  readonly startedMillis: number;
}

/** Times of a major collection, in ms on the clock that all threads share; see `monotonicMillis`. */
export interface CollectionTimes {
  /** When marking began. */
  readonly markMillis: number;
  readonly sweepMillis: number;
  /** When the event loop next turned. */
  readonly turnMillis: number;
}

/** A message from the main thread to the profiler thread. */
export type ToProfilerThread =
  /** The sampler runs, with this interval in mean bytes between samples. */
  | {
      readonly type: 'sampler';
      readonly mode: SamplerMode;
      readonly samplingInterval: number;
      /** Set in exact mode. */
      readonly exact: ExactStart | undefined;
      /** Value of `ControlWord.samplerChanges` when it was started. */
      readonly changes: number;
    }
  | { readonly type: 'no-sampler'; readonly reason: 'taken' | 'failed'; readonly changes: number }
  /** The request has come too late, and the sampler runs as before. */
  | { readonly type: 'sampler-kept' }
  /**
   * Traces a component of this process from now on; `samplingInterval` is the mean bytes its capture needs.
   */
  | { readonly type: 'trace'; readonly samplingInterval: number }
  | { readonly type: 'collected'; readonly majors: readonly CollectionTimes[] }
  | { readonly type: 'buffers'; readonly batch: BufferBatch }
  /** Asks for metric points, for several consumers together. */
  | { readonly type: 'points'; readonly request: number; readonly wanted: readonly PointsRequest[] }
  /** Asks for a profile. */
  | { readonly type: 'profile'; readonly request: number; readonly wanted: WantedProfile }
  /** Asks for a page of the debug server. */
  | { readonly type: 'page'; readonly request: number; readonly question: PageQuestion }
  /** Exports profiles by these readers from now on, besides those of the options, and no more by others. */
  | { readonly type: 'profile-readers'; readonly readers: readonly ReaderSettings[] }
  /** Exports profiles with this resource from now on. */
  | { readonly type: 'resource'; readonly attributes: ResourceAttributes }
  /** Takes back a request for a profile or a page. */
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'object-counts'; readonly request: number; readonly table: ObjectCountTable | undefined }
  | { readonly type: 'main-memory'; readonly request: number; readonly memory: MainMemory }
  | {
      readonly type: 'capture-begin';
      readonly capture: number;
      readonly component: string;
      readonly scope: CaptureScope;
      /** True if a profiler thread that died had already begun this capture. */
      readonly again: boolean;
      /** Set for an exact capture, which the main thread waits for. */
      readonly exact: ExactCapture | undefined;
    }
  /** Functions that run for components, or for none, outside of wrapped functions. */
  | { readonly type: 'contexts'; readonly observed: Observations }
  | {
      readonly type: 'component-function';
      readonly component: string;
      readonly location: FunctionLocation;
    }
  | {
      /** Renames the process's component from now on. */
      readonly type: 'component';
      readonly component: string;
      /** True if its capture starts now. */
      readonly isTraced: boolean;
    }
  /**
   * Frees the port of a server for the application. Answered by a control word, as the main thread waits for it.
   */
  | { readonly type: 'yield-port'; readonly server: ServerKind }
  /** Serves metrics on an address; without one, no longer. */
  | { readonly type: 'serve-metrics'; readonly address: HostPort | undefined }
  | ({ readonly type: 'metrics-page'; readonly request: number } & MadePage)
  | { readonly type: 'capture-end'; readonly capture: number; readonly isExact: boolean }
  | { readonly type: 'stop' };

/** A message from the profiler thread to the main thread. */
export type FromProfilerThread =
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }
  /** Reports that the thread has fully started. */
  | { readonly type: 'begun' }
  /** Asks for the sampler. Answered by `sampler`, `no-sampler` or `sampler-kept`. */
  | ({ readonly type: 'start-sampler' } & SamplerRequest)
  | { readonly type: 'points'; readonly request: number; readonly answers: readonly PointsAnswer[] }
  | ({ readonly type: 'profile'; readonly request: number } & MadeProfile)
  | ({ readonly type: 'page'; readonly request: number } & PageAnswer)
  | { readonly type: 'object-counts-wanted'; readonly request: number }
  | ({ readonly type: 'main-memory-wanted'; readonly request: number } & MainMemoryRequest)
  | ({ readonly type: 'leak-suspect' } & LeakEvent)
  | { readonly type: 'metrics-page-wanted'; readonly request: number }
  /** Reports who serves the pages of this process from now on. */
  | { readonly type: 'served'; readonly server: ServerKind; readonly served: Served }
  | ({ readonly type: 'near-limit' } & NearLimit)
  /** Reports that a stopped thread has disconnected and closed its ports. It may still compress captures. */
  | { readonly type: 'released' }
  | { readonly type: 'stopped' };

/** How an exact capture begins. */
export interface ExactCapture {
  /** True if it contains all that the sampler has seen since it was replaced for this capture. */
  readonly sinceReplaced: boolean;
}

/** A server of heapray: of profiles, or of metrics. */
export type ServerKind = 'debug' | 'metrics';

/** The process that serves the pages of this one. */
export type Served =
  /** This process, on `HOST:PORT`. */
  | { readonly by: 'self'; readonly address: string }
  /** The process with this id, which has the port. */
  | { readonly by: 'other'; readonly pid: number }
  | { readonly by: 'none'; readonly why: string };

/** A page of metrics, or the reason why there is none. */
export interface MadePage {
  readonly text?: string | undefined;
  readonly problem?: string | undefined;
}

/** A request for what only the main thread knows about the memory of the process. */
export interface MainMemoryRequest {
  /** Heap of the profiler thread, in bytes. */
  readonly profilerBytes: number;
  /** Heaps of the application's worker threads, in bytes; undefined while they are not known. */
  readonly workerBytes?: number | undefined;
  readonly kernel: KernelMemory | undefined;
}

/** The answer to {@link MainMemoryRequest}. */
export interface MainMemory {
  readonly resident: ResidentMemory;
  /** Bytes of objects in V8's heap, garbage included. */
  readonly heapUsedBytes: number;
}

/** A request to start the sampler. */
export interface SamplerRequest {
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  /**
   * Set if heapray's sampler runs and is to be replaced: time until which that may be done, see
   * `monotonicMillis`. Later, the last poll would be too old: everything since then would be lost.
   */
  readonly replaceUntilMillis?: number | undefined;
}

/** A memory limit that has come near: 80 % of it are used. */
export interface NearLimit {
  /** `heap`: the limit of V8's heap. `cgroup`: the limit of the control group, which is the container's. */
  readonly kind: 'heap' | 'cgroup';
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** Path of the profile that is kept on disk; undefined if there is none. */
  readonly profile: string | undefined;
  /** Description in one sentence. */
  readonly message: string;
}

/** A new leak suspect. */
export interface LeakEvent {
  readonly suspect: SuspectView;
  /** Attributes of an OpenTelemetry log event. */
  readonly attributes: PointAttributes;
}

/** A call site: an allocating function in one component, identified by name, file and start position. */
export interface CallSite {
  readonly functionName: string;
  readonly file: string;
  /** Start of the function, counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  /**
   * True if other functions start, or may start, on that line; then the column is needed to identify this
   * one.
   */
  readonly sharesLine: boolean;
  /** File as shown in messages, e.g. relative to the working folder. */
  readonly shortFile: string;
  readonly packageName: string;
  readonly packageVersion?: string | undefined;
  readonly component: string;
}

/** A call site that seems to leak. */
export interface SuspectView extends MemoryOrigin, CallSite {
  /** Bytes in use that are older than a window. */
  readonly oldBytes: number;
  readonly bytesPerSecond: number;
  /** Number of windows, out of `windows`, in which `oldBytes` grew. */
  readonly grownWindows: number;
  readonly windows: number;
  /** Share of what it allocated `survivedMillis` ago that is still alive, 0 to 1; undefined when unknown. */
  readonly survivedShare: number | undefined;
  readonly survivedMillis: number | undefined;
  /** Description of the suspect in one sentence. */
  readonly message: string;
}
