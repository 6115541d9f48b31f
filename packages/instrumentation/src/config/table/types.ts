import type { ConfigError } from './config-error.js';
import type { OPTIONS, OptionName, OptionSpec } from './options.js';

type Table = typeof OPTIONS;
type GivenOf<Row> = Row extends OptionSpec<infer _Value, infer Given> ? Given : never;
type ValueOf<Row> = Row extends OptionSpec<infer Value, infer _Given> ? Value : never;

/**
 * Options that a program may pass in code. Each option that is absent or `undefined` is looked up in the
 * environment, then in the config file, then in the defaults.
 */
export type HeaprayOptions = { -readonly [Name in keyof Table]?: GivenOf<Table[Name]> | undefined };

/** All options with their final values; `home` and `configFile` are absolute paths. */
export type ResolvedOptions = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

export type { OptionName };

/** Format number of memray captures. */
export type MemrayFormat = ResolvedOptions['memrayFormat'];

/** Unit of a call-site series; each sums up several of the one before it. */
export type GroupBy = ResolvedOptions['groupBy'];

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
   * `sdk`. `refused` if a wrong setting has put a safe value in place of the default.
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
   * used, or a safe value where the option has one. Without it, the first wrong value is thrown. Wrong values
   * in `code` are always thrown.
   *
   * @param ofAirflow true if Airflow itself would refuse to start
   * @param effect what happens now, as the end of a message: "the default is used"
   */
  readonly onRefused?: ((error: ConfigError, ofAirflow: boolean, effect: string) => void) | undefined;
  /** Replacements for the built-in defaults; same form as `code`. */
  readonly defaults?: HeaprayOptions | undefined;
}
