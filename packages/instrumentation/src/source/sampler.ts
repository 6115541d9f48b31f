import type * as Inspector from 'node:inspector';
import { types } from 'node:util';
import v8 from 'node:v8';
import { describeThrown } from '../containment/describe-thrown.js';
import { SafeError } from '../containment/primordials.js';
import type { LoadedBinding, SamplerBinding } from './sampler-binding.js';
import type { SamplerMode } from './sampling-profile.js';

/**
 * Starting V8's heap sampler on the main thread.
 *
 * Who starts it decides what reading costs: the inspector's own start sets a flag that makes every later
 * read run a full garbage collection. So the flagless ways come first:
 *
 * 1. `native-api`: `v8.startHeapProfile` (Node 26);
 * 2. `binding`: the prebuilt binding of `@datadog/pprof`, an optional dependency (Node 22 and 24);
 * 3. `inspector`: the fallback, with forced collections and in-use values only.
 *
 * One sampler exists per isolate, and anybody may start or stop it.
 */
export type SamplerStart =
  | {
      readonly status: 'started';
      readonly sampler: RunningSampler;
      /** Why the native binding did not start it, where it should have. */
      readonly problem?: string | undefined;
    }
  /** Somebody else's sampler is running: nothing was changed. */
  | { readonly status: 'taken' }
  | { readonly status: 'failed'; readonly reason: string };

export interface RunningSampler {
  readonly mode: SamplerMode;
  /**
   * Stops it. Only for a sampler that is known to be ours still: V8 stops whichever runs. One that was lost
   * is simply forgotten.
   */
  stop(): void;
}

/** The deepest stack that is recorded; the inspector's own fixed depth. */
export const STACK_DEPTH = 128;

interface NativeHeapProfiler {
  startHeapProfile?(options: { sampleInterval: number; stackDepth: number }): unknown;
}

/**
 * Opens the session that starts, arms and stops samplers. It stays open for the life of the process:
 * closing it would stop whatever sampler runs by then, somebody else's too.
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
 * @param intervalBytes mean bytes between samples, an integer from 1 to 2^30 (checked by the configuration:
 *   V8 kills the process on anything below 1)
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
    // The binding does not say whether a sampler was there before it, so ask first.
    if (isSampling(session)) return { status: 'taken' };
    problem = startByBinding(loaded.binding, intervalBytes);
    if (isSampling(session)) return armed('binding', intervalBytes, session);
    problem ??= 'the native binding of @datadog/pprof has started no sampler';
  } else problem = loaded.problem;
  const start = startByInspector(intervalBytes, session);
  return start.status === 'started' ? { ...start, problem } : start;
}

/** Starts it with Node's own function; undefined when this Node has none. */
function startNative(intervalBytes: number, session: Inspector.Session): SamplerStart | undefined {
  const native = v8 as NativeHeapProfiler;
  if (!native.startHeapProfile) return undefined;
  try {
    // The handle is not needed: the sampler runs on without it, and the session stops it.
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

/** Returns why it could not be started, if so. */
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
 * A flagless sampler that still runs when its isolate dies can abort Node 24. A second, ignored start from
 * a session inside the isolate makes that session's teardown stop it.
 */
function armed(mode: SamplerMode, intervalBytes: number, session: Inspector.Session): SamplerStart {
  post(session, 'HeapProfiler.startSampling', { samplingInterval: intervalBytes });
  return { status: 'started', sampler: runningSampler(mode, session) };
}

function runningSampler(mode: SamplerMode, session: Inspector.Session): RunningSampler {
  // The arming start made it this session's sampler too, so this stops it; `stopSampling` would make a profile first.
  return { mode, stop: () => void post(session, 'HeapProfiler.disable') };
}

/** Whether any sampler runs. Reading one that forces collections costs one collection. */
function isSampling(session: Inspector.Session): boolean {
  return post(session, 'HeapProfiler.getSamplingProfile') === undefined;
}

/** Sends a command to the own isolate, which answers before `post` returns. Returns the error, if any. */
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
