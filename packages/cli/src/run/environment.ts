/** Settings of `heapray run` for the program's processes. */
export interface ProgramSettings {
  /** Name of the component. */
  readonly component?: string | undefined;
  /** True if the component writes a capture. */
  readonly deep: boolean;
  /** Folder of captures, absolute. */
  readonly home?: string | undefined;
  /** Folder in which each process gets its own folder for captures, absolute. Used instead of `home`. */
  readonly captures?: string | undefined;
}

/** Returns the environment for a profiled program and its children. Keeps existing options for Node. */
export function programEnvironment(base: NodeJS.ProcessEnv, settings: ProgramSettings): NodeJS.ProcessEnv {
  const { component, deep, home, captures } = settings;
  // Use a URL, because it contains no spaces or quotes, which have a meaning in NODE_OPTIONS.
  const preload = new URL('../preload.js', import.meta.url);
  if (captures !== undefined) preload.searchParams.set('captures', captures);
  return {
    ...base,
    NODE_OPTIONS: [`--import=${preload.href}`, base.NODE_OPTIONS].filter(Boolean).join(' '),
    ...(component === undefined ? {} : { HEAPRAY_COMPONENT: component }),
    ...(deep ? { HEAPRAY_TRACE_COMPONENTS: component } : {}),
    ...(home === undefined ? {} : { HEAPRAY_HOME: home }),
  };
}
