import type { ConfigError } from './config-error.js';

/** Address that a server listens on. An IPv6 `host` has no brackets; port 0 means any free port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Format number of memray captures. */
export type MemrayFormat = 11 | 12 | 13;

/** Unit of a call-site series; each sums up several of the one before it. */
export type GroupBy = 'function' | 'file' | 'package' | 'component';

/** Continuation of a full capture in another file, or aggregated. */
export type CaptureOverflow = 'rotate' | 'aggregate';

/**
 * Options that a program may pass in code. Each option that is absent or `undefined` is looked up in the
 * environment, then in the config file, then in the defaults.
 */
export interface HeaprayOptions {
  /** Enables profiling. */
  enabled?: boolean | undefined;
  /** Mean bytes between two samples: an integer from 1 to 2^30. */
  samplingInterval?: number | undefined;
  /** `samplingInterval` while a component of this process is traced. */
  tracedSamplingInterval?: number | undefined;
  /** Name of this process in metrics and file names. */
  component?: string | undefined;
  /** Components that write captures: an array, or one string with commas. */
  traceComponents?: readonly string[] | string | undefined;
  /** Record every allocation of the traced components. */
  detailedTracing?: boolean | undefined;
  /** Folder of the captures; `~` and `$VAR` are expanded. */
  home?: string | undefined;
  /** Path of the INI file; `~` and `$VAR` are expanded. It must exist. */
  configFile?: string | undefined;
  /** Format of the captures. */
  memrayFormat?: MemrayFormat | undefined;
  /** Loopback port for `memray live`: from 1 to 65535, or `off`. */
  memrayLivePort?: number | 'off' | undefined;
  /** Size at which a capture file ends, in bytes: an integer from 64 KiB. */
  maxCaptureBytes?: number | undefined;
  /** Continuation of a capture that has reached its size. */
  captureOverflow?: CaptureOverflow | undefined;
  /** Compresses finished captures. */
  memrayCompress?: boolean | undefined;
  /** Number of captures kept per component, from 1 to 1000. */
  maxCaptures?: number | undefined;
  /** Number of call sites that an instrument reports by name, from 1 to 1000. */
  maxCallSites?: number | undefined;
  maxLiveSamples?: number | undefined;
  /** Unit that call sites are summed by in metrics. */
  groupBy?: GroupBy | undefined;
  /** Also reports the memory metrics of OpenTelemetry's semantic conventions. */
  conventionMetrics?: boolean | undefined;
  /** Fraction of one core that profiling may use, from 0.0001 to 0.5. */
  cpuBudget?: number | undefined;
  /** Length of a window in which growth is judged, in seconds: an integer from 1 to 3600. */
  leakWindow?: number | undefined;
  /** Address of /debug/pprof: `host:port`, `[::1]:port`, a {@link HostPort}, or `off`. */
  debugServer?: string | HostPort | undefined;
  /** Allows `?gc=1`, which collects garbage before a profile. */
  allowGc?: boolean | undefined;
}

/** All options with their final values. */
export interface ResolvedOptions {
  readonly enabled: boolean;
  /** Bytes. */
  readonly samplingInterval: number;
  /** Bytes. */
  readonly tracedSamplingInterval: number;
  readonly component: string;
  /** Same list as {@link ResolvedConfig.components}. */
  readonly traceComponents: readonly string[];
  readonly detailedTracing: boolean;
  /** Absolute path. */
  readonly home: string;
  /** Absolute path of the file that was read. */
  readonly configFile: string | undefined;
  readonly memrayFormat: MemrayFormat;
  /** Undefined when the live port is disabled. */
  readonly memrayLivePort: number | undefined;
  /** Bytes. */
  readonly maxCaptureBytes: number;
  readonly captureOverflow: CaptureOverflow;
  readonly memrayCompress: boolean;
  readonly maxCaptures: number;
  readonly maxCallSites: number;
  readonly maxLiveSamples: number;
  readonly groupBy: GroupBy;
  readonly conventionMetrics: boolean;
  /** Fraction of one core. */
  readonly cpuBudget: number;
  /** Seconds. */
  readonly leakWindow: number;
  /** Undefined when the server is disabled. */
  readonly debugServer: HostPort | undefined;
  readonly allowGc: boolean;
}

/** The name of an option. */
export type OptionName = keyof ResolvedOptions;

/** The resolved configuration of a process. */
export interface ResolvedConfig {
  readonly options: ResolvedOptions;
  /** Traced components: valid names in the order given. Duplicates are kept, as in Airflow. */
  readonly components: string[];
  /** True if traced components record every allocation. */
  readonly detailed: boolean;
  /** Absolute path of the folder of captures. */
  readonly home: string;
  /** Absolute path of the file that was read. */
  readonly configFile: string | undefined;
  /**
   * Source of each option: `code`, `env:NAME`, `file:PATH [section] key` or `default`; of `component` also
   * `sdk`.
   */
  readonly sources: Record<string, string>;
  /**
   * Warnings, one line each: dropped components, unknown `HEAPRAY_*` variables, a file that cannot be read.
   */
  readonly warnings: string[];
}

/** Complete input of the configuration; nothing else is read. */
export interface ConfigInput {
  /** Options from code. A key that is not an option is refused. */
  readonly code?: HeaprayOptions | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Returns the text of a file, or `undefined` if it does not exist. It may throw. An error with code
   * `EACCES` or `EPERM` is ignored for a file that only Airflow's variables name; any other is refused.
   */
  readonly readFile: (path: string) => string | undefined;
  /** Name of the program in its process manager; used instead of the main script's name. */
  readonly appName?: string | undefined;
  /** Absolute path that relative paths start from. */
  readonly cwd: string;
  /** Path of the script that Node runs. */
  readonly mainScript?: string | undefined;
  /** Replacement of `~` when `HOME` is not in `env`; without either, `~` stays as written. */
  readonly homeDir: string | undefined;
  /** Service name in the application's OpenTelemetry SDK, once it is known. */
  readonly serviceName?: string | undefined;
  /** Component names that the program declares. */
  readonly declaredComponents?: readonly string[] | undefined;
  /**
   * Called for each wrong value in the environment or a file, which is then ignored, so that the default is
   * used. Without it, the first wrong value is thrown. Wrong values in `code` are always thrown.
   *
   * @param ofAirflow true if Airflow itself would refuse to start
   */
  readonly onRefused?: ((error: ConfigError, ofAirflow: boolean) => void) | undefined;
  /** Replacements for the built-in defaults; same form as `code`. */
  readonly defaults?: HeaprayOptions | undefined;
}
