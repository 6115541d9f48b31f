import type { MessagePort } from 'node:worker_threads';
import type { MemrayFormat } from '@heapray/exporter/memray';
import type { GroupBy } from '../config/index.js';
import type { FunctionLocation } from '../ledger/index.js';
import type { ObjectCountTable } from '../profile/index.js';
import type { CallSiteView } from '../signal/call-site-series.js';
import type { TopCallSitesOptions } from '../signal/top-call-sites.js';
import type { TopSitesView } from '../signal/top-site-metrics.js';
import type { SamplerMode } from '../source/sampling-profile.js';

/** What the profiler thread is started with. */
export interface AgentOptions {
  /** Mean bytes between samples. */
  readonly samplingInterval: number;
  readonly cpuBudget: number;
  readonly maxCallSites: number;
  /** More samples alive than that make readings too slow. */
  readonly maxLiveSamples: number;
  /** Whether the sampling interval is the default. */
  readonly isAdaptive: boolean;
  readonly groupBy: GroupBy;
  /** What this process is. */
  readonly component: string;
  /** The component whose capture runs from start to exit, if any. */
  readonly processCapture: string | undefined;
  /** Whether anything follows single events, be it a capture or a viewer: then polls are more frequent. */
  readonly traced: boolean;
  /** Earlier profiler threads of this process, by their `threadId`: they died. Empty for the first. */
  readonly endedThreads: readonly number[];
  readonly home: string;
  readonly memrayFormat: MemrayFormat;
  /** The loopback port where the heap may be watched, if any. */
  readonly memrayLivePort: number | undefined;
  readonly maxCaptureBytes: number;
  readonly maxCaptures: number;
  /** Whether a capture that has reached its size goes on summed up, and not in another file. */
  readonly aggregateOverflow: boolean;
  /** Whether finished captures are compressed. */
  readonly memrayCompress: boolean;
  /** Length of a window in which growth is judged, ms. */
  readonly leakWindowMillis: number;
  /** V8's limit of the main thread's heap, bytes. */
  readonly heapLimit: number;
  readonly debugServer: { readonly host: string; readonly port: number } | undefined;
  /** Whether Node's permission model lets the process listen on ports. */
  readonly mayListen: boolean;
  /** How long it waits before it listens, ms. */
  readonly debugServerDelayMillis: number;
  /** Whether clients of the debug server may have garbage collected. */
  readonly allowGc: boolean;
  readonly commandLine: string;
  readonly pid: number;
  readonly workingFolder: string;
  readonly mode: SamplerMode | undefined;
  /** Whether the sampler has run before this thread: what it shows first was counted already. */
  readonly isResumed: boolean;
  /** Carries `ToAgent` and `FromAgent`. */
  readonly port: MessagePort;
  /** See `ControlWord`. */
  readonly control: SharedArrayBuffer;
}

/** Int32 words shared by both threads, for the moments when the main thread cannot wait for messages. */
export const ControlWord = {
  /** Set by the main thread: 1 when it is about to exit, `ABANDONED` when it wants no more of this thread. */
  exit: 0,
  /** Set by the profiler thread: 1 after its last poll, 2 when everything is written and disconnected. */
  done: 1,
  /** Set by the profiler thread: 1 before it connects, since from then on it has to be waited for; then `WORKING`. */
  ready: 2,
  /** Added to by the main thread: collections of its young generation since the profiler thread last took the number. */
  scavenges: 3,
  /** Added to by the main thread: how long its collections took, in microseconds, since the number was last taken. */
  collectionMicros: 4,
  /** Set to 1 by the profiler thread when it has closed its debug server on request. */
  serverClosed: 5,
} as const;
/** The value of `ready` of a thread that has started in full. */
export const WORKING = 2;
/**
 * The value of `exit` when profiling has failed: the thread lets go of everything and stays, without a word. Its messages
 * and its end would run code of Node on the main thread that may be what fails there.
 */
export const ABANDONED = 2;
export const CONTROL_BYTES: number = 6 * Int32Array.BYTES_PER_ELEMENT;

/** A major collection, in ms on the clock that all threads share, see `monotonicMillis`. */
export interface CollectionTimes {
  /** When marking began. */
  readonly markMillis: number;
  readonly sweepMillis: number;
  /** When the event loop turned next. */
  readonly turnMillis: number;
}

/** From the main thread to the profiler thread. */
export type ToAgent =
  | { readonly type: 'sampler'; readonly mode: SamplerMode }
  | { readonly type: 'no-sampler'; readonly reason: 'taken' | 'failed' }
  | { readonly type: 'restart-possible' }
  /** A component of this process is traced since just now; mean bytes between samples that its capture wants. */
  | { readonly type: 'trace'; readonly samplingInterval: number }
  | { readonly type: 'collected'; readonly majors: readonly CollectionTimes[] }
  | { readonly type: 'view'; readonly request: number; readonly withSites: boolean }
  | { readonly type: 'top-sites'; readonly request: number; readonly wanted: TopSitesWanted }
  | { readonly type: 'object-counts'; readonly request: number; readonly table: ObjectCountTable | undefined }
  | {
      readonly type: 'capture-begin';
      readonly capture: number;
      readonly component: string;
      /** Whether a profiler thread that died has begun it before. */
      readonly again: boolean;
    }
  | {
      readonly type: 'component-function';
      readonly component: string;
      readonly location: FunctionLocation;
    }
  | {
      /** The process is called something else from now on. */
      readonly type: 'component';
      readonly component: string;
      /** Whether its capture runs from now on. */
      readonly isTraced: boolean;
    }
  /** The answer is the control word `serverClosed`, because the main thread waits for it. */
  | { readonly type: 'close-server' }
  | { readonly type: 'capture-end'; readonly capture: number }
  | { readonly type: 'stop' };

/** From the profiler thread to the main thread. */
export type FromAgent =
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }
  /** The thread has started in full. */
  | { readonly type: 'begun' }
  | { readonly type: 'sampler-wanted' }
  /** The sampler needs another interval: can it be started again? The answer is `restart-possible`. */
  | { readonly type: 'restart-wanted' }
  /** It should be started again now. The answer is `sampler` or `no-sampler`. */
  | { readonly type: 'restart'; readonly samplingInterval: number }
  | { readonly type: 'view'; readonly request: number; readonly view: AgentView }
  | { readonly type: 'top-sites'; readonly request: number; readonly view: TopSitesView }
  | { readonly type: 'object-counts-wanted'; readonly request: number }
  | { readonly type: 'leak-suspect'; readonly suspect: SuspectView }
  | { readonly type: 'listening'; readonly address: string }
  /** The debug server cannot be opened. */
  | { readonly type: 'not-listening'; readonly why: string }
  /** A thread that was told to stop has disconnected and closed its ports. It may still compress captures. */
  | { readonly type: 'released' }
  | { readonly type: 'stopped' };

/** Which call sites a metric producer wants. */
export interface TopSitesWanted extends TopCallSitesOptions {
  /** Its number: each goes its own way through what comes and goes. */
  readonly producer: number;
}

export type { TopSitesView };

/** Everything that metrics say about the heap and about the profiler itself, at one moment. */
export interface AgentView {
  /** Undefined when they were not asked for. */
  readonly sites: CallSiteView | undefined;
  /** The present leak suspects, the fastest first. */
  readonly suspects: readonly SuspectView[];
  /** Until the heap limit at the present growth, s; undefined while nothing grows. */
  readonly secondsToLimit: number | undefined;
  readonly profiler: ProfilerView;
}

/** A call site that seems to leak. */
export interface SuspectView {
  readonly functionName: string;
  readonly file: string;
  /** Where the function starts, counted from 1; 0 when unknown. */
  readonly line: number;
  readonly column: number;
  /** Whether other functions start on that line, or may. */
  readonly sharesLine: boolean;
  /** The file as messages show it. */
  readonly shortFile: string;
  readonly packageName: string;
  readonly packageVersion?: string | undefined;
  readonly component: string;
  /** Bytes in use that are older than a window. */
  readonly oldBytes: number;
  readonly bytesPerSecond: number;
  /** In how many of how many windows they grew. */
  readonly grownWindows: number;
  readonly windows: number;
  /** How much of what it allocated `survivedMillis` ago is alive, 0 to 1; undefined when that is not known. */
  readonly survivedShare: number | undefined;
  readonly survivedMillis: number | undefined;
  /** All of it in a sentence. */
  readonly verdict: string;
}

/** The profiler's own account of itself; counts are since the start. */
export interface ProfilerView {
  readonly mode: SamplerMode | 'none';
  /** Why the mode is `none`: what `lostSampler` counts, or `starting`. */
  readonly noneReason: string;
  readonly samples: number;
  readonly unseenSamples: number;
  readonly earlyDeaths: number;
  readonly liveSamples: number;
  /** Mean bytes between samples, at present. */
  readonly samplingInterval: number;
  /** Bytes that were in use at a restart of the sampler at another interval, and may have been freed since. */
  readonly frozenBytes: number;
  /** Bytes that readings show and that are likely to be garbage. */
  readonly uncollectedBytes: number;
  /** Major collections observed. */
  readonly majorCollections: number;
  /** See `LeakProgress`. */
  readonly leakWindows: number;
  readonly undecidedSites: number;
  readonly polls: number;
  readonly wholePairs: number;
  readonly cutPairs: number;
  /** Since the last view, ms each. */
  readonly pollMillis: readonly number[];
  /** By reason: what was lost on purpose or by failure. */
  readonly drops: Readonly<Record<string, number>>;
  /** By reason: how often the sampler was lost. */
  readonly lostSampler: Readonly<Record<string, number>>;
  /** CPU time that profiling has cost the process, with all threads, s; see `SelfAccount.cpuMillis`. */
  readonly cpuSeconds: number;
  /** V8's heap of the profiler thread, and what V8 has allocated beside it; array buffers and the like are not in it. */
  readonly memoryBytes: number;
}
