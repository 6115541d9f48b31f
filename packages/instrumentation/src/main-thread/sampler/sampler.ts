import type * as Inspector from 'node:inspector';
import { types } from 'node:util';
import v8 from 'node:v8';
import { describeThrown } from '../../protocol/describe-thrown.js';
import { SafeError } from '../../protocol/primordials.js';
import { type SamplerMode, STACK_DEPTH } from '../../protocol/sampler-mode.js';
import type { LoadedBinding, SamplerBinding } from './sampler-binding.js';

/**
 * Result of starting V8's heap sampler on the main thread.
 *
 * The way of starting decides what a poll costs: the inspector's own start sets a flag with which every later
 * poll runs a full garbage collection. So the ways without that flag come first:
 *
 * 1. `native-api`: `v8.startHeapProfile` (Node 26);
 * 2. `binding`: the prebuilt binding of `@datadog/pprof`, an optional dependency (Node 22 and 24);
 * 3. `inspector`: the fallback, with forced collections and in-use values only.
 *
 * An isolate has one sampler, which any code may start or stop.
 */
export type SamplerStart =
  | {
      readonly status: 'started';
      readonly sampler: RunningSampler;
      /** Reason why the native binding did not start it, although it should have. */
      readonly problem?: string | undefined;
    }
  /** Another sampler is already running: nothing was changed. */
  | { readonly status: 'taken' }
  | { readonly status: 'failed'; readonly reason: string };

export interface RunningSampler {
  readonly mode: SamplerMode;
  /**
   * Stops the sampler. Call only if it is still heapray's: V8 stops whichever runs. Do not call it for a lost
   * sampler.
   */
  stop(): void;
}

interface NativeHeapProfiler {
  startHeapProfile?(options: { sampleInterval: number; stackDepth: number }): unknown;
}

/**
 * Opens the session that starts, arms and stops samplers. It stays open for the life of the process: closing
 * it would stop any sampler running by then, even other code's.
 *
 * @param inspector `node:inspector`, passed in because loading it can be refused
 * @throws when the inspector may not be used (`--permission`)
 */
export function connectSamplerSession(inspector: typeof Inspector): Inspector.Session {
  const session = new inspector.Session();
  session.connect();
  return session;
}

/**
 * Starts the sampler.
 *
 * @param intervalBytes mean bytes between samples: an integer from 1 to 2^30 (checked by the configuration,
 *   as V8 kills the process on anything below 1)
 */
export function startSampler(
  intervalBytes: number,
  session: Inspector.Session,
  loaded: LoadedBinding,
): SamplerStart {
  const native = startNative(intervalBytes, session);
  if (native) return native;
  let problem: string | undefined;
  if (loaded.binding) {
    // Check first: the binding does not report if a sampler was already running.
    if (isSampling(session)) return { status: 'taken' };
    problem = startByBinding(loaded.binding, intervalBytes);
    if (isSampling(session)) return armed('binding', intervalBytes, session);
    problem ??= 'the native binding of @datadog/pprof has started no sampler';
  } else problem = loaded.problem;
  const start = startByInspector(intervalBytes, session);
  return start.status === 'started' ? { ...start, problem } : start;
}

/** Starts the sampler with Node's own function; undefined if this Node does not have it. */
function startNative(intervalBytes: number, session: Inspector.Session): SamplerStart | undefined {
  const native = v8 as NativeHeapProfiler;
  if (!native.startHeapProfile) return undefined;
  try {
    // The handle is not needed: the sampler runs without it, and the session stops it.
    native.startHeapProfile({ sampleInterval: intervalBytes, stackDepth: STACK_DEPTH });
  } catch (thrown) {
    const taken = hasCode(thrown, 'ERR_HEAP_PROFILE_HAVE_BEEN_STARTED');
    return taken ? { status: 'taken' } : undefined;
  }
  return armed('native-api', intervalBytes, session);
}

function hasCode(thrown: unknown, code: string): boolean {
  return types.isNativeError(thrown) && (thrown as NodeJS.ErrnoException).code === code;
}

/** Starts the sampler with the native binding; returns the reason if that fails. */
function startByBinding(binding: SamplerBinding, intervalBytes: number): string | undefined {
  try {
    binding.startSamplingHeapProfiler(intervalBytes, STACK_DEPTH);
    return undefined;
  } catch (thrown) {
    return `@datadog/pprof cannot be used: ${describeThrown(thrown)}`;
  }
}

function startByInspector(intervalBytes: number, session: Inspector.Session): SamplerStart {
  if (isSampling(session)) return { status: 'taken' };
  const refused = post(session, 'HeapProfiler.startSampling', { samplingInterval: intervalBytes });
  if (!refused) return { status: 'started', sampler: runningSampler('inspector', session) };
  return { status: 'failed', reason: refused.message };
}

/**
 * Makes the session's teardown stop the sampler, by a second start from that session, which V8 otherwise
 * ignores. A sampler without the flag that still runs when its isolate ends can abort Node 24.
 */
function armed(mode: SamplerMode, intervalBytes: number, session: Inspector.Session): SamplerStart {
  post(session, 'HeapProfiler.startSampling', { samplingInterval: intervalBytes });
  return { status: 'started', sampler: runningSampler(mode, session) };
}

function runningSampler(mode: SamplerMode, session: Inspector.Session): RunningSampler {
  // Use `disable`: after the second start it stops the sampler, whereas `stopSampling` would first make a
  // profile.
  return { mode, stop: () => void post(session, 'HeapProfiler.disable') };
}

/** Returns true if any sampler runs. For one that forces collections, this costs one collection. */
function isSampling(session: Inspector.Session): boolean {
  return post(session, 'HeapProfiler.getSamplingProfile') === undefined;
}

/** Sends a command to this isolate, which answers before `post` returns. Returns the error, if any. */
function post(session: Inspector.Session, method: string, params?: object): Error | undefined {
  let failure: Error | undefined;
  try {
    session.post(method, params, (error: Error | null) => {
      if (error) failure = error;
    });
  } catch (thrown) {
    return new SafeError(describeThrown(thrown));
  }
  return failure;
}
