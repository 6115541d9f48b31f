import type { ConfigError } from './config-error.js';

/** Where a server listens. An IPv6 `host` has no brackets; port 0 means any free port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Layout number of the memray captures heapray writes. */
export type MemrayFormat = 11 | 12 | 13;

/** What a series of a call-site metric stands for; each sums over what the one before it tells apart. */
export type GroupBy = 'function' | 'file' | 'package' | 'component';

/** In another file, or summed up. */
export type CaptureOverflow = 'rotate' | 'aggregate';

/**
 * What a program may pass in code. Each option that is absent or `undefined` is looked up in the environment,
 * then in the config file, then in the defaults.
 */
export interface HeaprayOptions {
  /** Whether to profile at all. */
  enabled?: boolean | undefined;
  /** Mean bytes between two samples: an integer from 1 to 2^30. */
  samplingInterval?: number | undefined;
  /** The same while a component of this process is traced. */
  tracedSamplingInterval?: number | undefined;
  /** What this process is called in metrics and in file names. */
  component?: string | undefined;
  /** The components that write deep dumps: an array, or one string with commas. */
  traceComponents?: readonly string[] | string | undefined;
  /** Record every allocation of the traced components. */
  detailedTracing?: boolean | undefined;
  /** Folder of the dumps; `~` and `$VAR` are expanded. */
  home?: string | undefined;
  /** Path of the INI file; `~` and `$VAR` are expanded. It must exist. */
  configFile?: string | undefined;
  /** Layout of the captures. */
  memrayFormat?: MemrayFormat | undefined;
  /** The loopback port for `memray live`: from 1 to 65535, or `off`. */
  memrayLivePort?: number | 'off' | undefined;
  /** Bytes at which a capture ends: an integer from 64 KiB. */
  maxCaptureBytes?: number | undefined;
  /** How a capture that has reached its size goes on. */
  captureOverflow?: CaptureOverflow | undefined;
  /** Whether finished captures are compressed. */
  memrayCompress?: boolean | undefined;
  /** How many captures of a component are kept, from 1 to 1000. */
  maxCaptures?: number | undefined;
  /** How many call sites an instrument reports by name, from 1 to 1000. */
  maxCallSites?: number | undefined;
  maxLiveSamples?: number | undefined;
  /** What call sites are summed by in metrics. */
  groupBy?: GroupBy | undefined;
  /** Whether the conventions' own memory metrics are given too. */
  conventionMetrics?: boolean | undefined;
  /** The fraction of one core that profiling may use, from 0.0001 to 0.5. */
  cpuBudget?: number | undefined;
  /** Length of a window in which growth is judged: an integer from 1 to 3600 seconds. */
  leakWindow?: number | undefined;
  /** Where /debug/pprof listens: `host:port`, `[::1]:port`, a {@link HostPort}, or `off`. */
  debugServer?: string | HostPort | undefined;
  /** Whether `?gc=1` collects garbage before a profile. */
  allowGc?: boolean | undefined;
}

/** Every option with its final value. */
export interface ResolvedOptions {
  readonly enabled: boolean;
  /** Bytes. */
  readonly samplingInterval: number;
  /** Bytes. */
  readonly tracedSamplingInterval: number;
  readonly component: string;
  /** The same list as {@link ResolvedConfig.components}. */
  readonly traceComponents: readonly string[];
  readonly detailedTracing: boolean;
  /** Absolute path. */
  readonly home: string;
  /** Absolute path of the file that was read. */
  readonly configFile: string | undefined;
  readonly memrayFormat: MemrayFormat;
  /** `undefined` when nobody may watch. */
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
  /** `undefined` when the server is off. */
  readonly debugServer: HostPort | undefined;
  readonly allowGc: boolean;
}

/** The name of an option. */
export type OptionName = keyof ResolvedOptions;

/** What a process runs with. */
export interface ResolvedConfig {
  readonly options: ResolvedOptions;
  /** The traced components: valid names in the order given; a name given twice is there twice, as in Airflow. */
  readonly components: string[];
  /** Whether traced components record every allocation. */
  readonly detailed: boolean;
  /** Absolute path of the folder of dumps. */
  readonly home: string;
  /** Absolute path of the file that was read. */
  readonly configFile: string | undefined;
  /** Per option: `code`, `env:NAME`, `file:PATH [section] key` or `default`; of `component` also `sdk`. */
  readonly sources: Record<string, string>;
  /** One line each: every dropped component, every unknown `HEAPRAY_*` variable, a file that cannot be read. */
  readonly warnings: string[];
}

/** All that configuration depends on; nothing else is read. */
export interface ConfigInput {
  /** Options given by the program. A key that is not an option is refused. */
  readonly code?: HeaprayOptions | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * The text of a file, or `undefined` when there is none. It may throw: an error whose `code` is `EACCES` or
   * `EPERM` is forgiven for a file that only Airflow's variables name, any other stops the start.
   */
  readonly readFile: (path: string) => string | undefined;
  /** What a process manager calls the program; stands for the main script's name. */
  readonly appName?: string | undefined;
  /** Absolute; what relative paths start from. */
  readonly cwd: string;
  /** Path of the script that node runs. */
  readonly mainScript?: string | undefined;
  /** What `~` stands for when `HOME` is not in `env`; without either it stays as written. */
  readonly homeDir: string | undefined;
  /** What the application's OpenTelemetry SDK calls the service, once that is known. */
  readonly serviceName?: string | undefined;
  /** The component names that the program declares. */
  readonly declaredComponents?: readonly string[] | undefined;
  /**
   * Told of each wrong value in the environment or a file, which then counts as not given: the default is used. When
   * absent, the first one is thrown. Wrong values in `code` are always thrown.
   *
   * @param ofAirflow whether Airflow itself would refuse to start
   */
  readonly onRefused?: ((error: ConfigError, ofAirflow: boolean) => void) | undefined;
  /** Replaces built-in defaults; takes what `code` takes. */
  readonly defaults?: HeaprayOptions | undefined;
}
