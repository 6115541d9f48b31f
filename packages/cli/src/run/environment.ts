/** What `heapray run` asks of the program's processes. */
export interface ProgramSettings {
  /** What the processes are called. */
  readonly component?: string | undefined;
  /** Whether that component writes a capture. */
  readonly deep: boolean;
  /** Folder of captures, absolute. */
  readonly home?: string | undefined;
  /** Folder in which each process gets a folder for its captures, absolute; instead of `home`. */
  readonly captures?: string | undefined;
}

/** The environment in which a program and its children are profiled; options for Node that are there stay. */
export function programEnvironment(base: NodeJS.ProcessEnv, settings: ProgramSettings): NodeJS.ProcessEnv {
  const { component, deep, home, captures } = settings;
  // As a URL it has no blanks or quotes, which mean something in NODE_OPTIONS.
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
