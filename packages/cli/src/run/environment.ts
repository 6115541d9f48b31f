import type { NativeProfiling } from './native-profiling.js';

/** Settings of `heapray run` for the program's processes. */
export interface ProgramSettings {
  /** Name of the component. */
  readonly component?: string | undefined;
  /** True if the component writes a capture. */
  readonly deep: boolean;
  /** True if the capture holds every allocation. */
  readonly exact?: boolean | undefined;
  /** True if the capture holds sums by stack. */
  readonly aggregate?: boolean | undefined;
  /** Folder of captures, absolute. */
  readonly home?: string | undefined;
  /** Folder in which each process gets its own folder for captures, absolute. Used instead of `home`. */
  readonly captures?: string | undefined;
  /** True if V8 may not inline functions. */
  readonly accurateStacks?: boolean | undefined;
  /** jemalloc, if the native heap is profiled. */
  readonly native?: NativeProfiling | undefined;
}

/**
 * Maximum size of V8's young generation in exact mode, in MiB, instead of 16. heapray polls as often as without it, so that a poll
 * may be later without a loss.
 */
const YOUNG_GENERATION = '--max-semi-space-size=64';

/** Returns the environment for a profiled program and its children. Keeps existing options for Node. */
export function programEnvironment(base: NodeJS.ProcessEnv, settings: ProgramSettings): NodeJS.ProcessEnv {
  const { component, deep, exact, aggregate, home, captures, accurateStacks, native } = settings;
  // Use a URL, because it contains no spaces or quotes, which have a meaning in NODE_OPTIONS.
  const preload = new URL('../preload.js', import.meta.url);
  if (captures !== undefined) preload.searchParams.set('captures', captures);
  if (native !== undefined) preload.searchParams.set('native', '1');
  // The program's own options come last, because the last one of a name is used.
  const nodeOptions = [`--import=${preload.href}`, exact && YOUNG_GENERATION, base.NODE_OPTIONS];
  return {
    ...base,
    NODE_OPTIONS: nodeOptions.filter(Boolean).join(' '),
    ...(component === undefined ? {} : { HEAPRAY_COMPONENT: component }),
    ...(deep ? { HEAPRAY_TRACE_COMPONENTS: component } : {}),
    ...(exact ? { HEAPRAY_DETAILED_TRACING: 'true' } : {}),
    ...(aggregate ? { HEAPRAY_AGGREGATE_CAPTURES: 'true' } : {}),
    ...(home === undefined ? {} : { HEAPRAY_HOME: home }),
    // Set by a variable, because NODE_OPTIONS may not contain V8's flags for this.
    ...(accurateStacks ? { HEAPRAY_ACCURATE_STACKS: 'true' } : {}),
    ...(native === undefined ? {} : nativeEnvironment(base, native)),
  };
}

/** Returns the variables of jemalloc. Its own settings come last, because the last one of a name is used. */
function nativeEnvironment(
  { LD_PRELOAD, MALLOC_CONF }: NodeJS.ProcessEnv,
  { library, folder, settings }: NativeProfiling,
): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: [library, LD_PRELOAD].filter(Boolean).join(':'),
    MALLOC_CONF: [MALLOC_CONF, settings].filter(Boolean).join(),
    HEAPRAY_NATIVE_DUMPS: folder,
  };
}
