// Over 400 lines: one row for each option.
import {
  boolean,
  choice,
  decimal,
  hostPort,
  integer,
  type Kind,
  list,
  name,
  onOff,
  path,
  pathOrOff,
  port,
  secret,
  switchWord,
  word,
  words,
} from './kinds.js';

/** A place in the config file. */
export interface FileKey {
  readonly section: string;
  readonly key: string;
}

/** The value of an option whose setting is not valid. */
interface SafeValue {
  /** In the form that code would give it. */
  readonly value: unknown;
  /** End of the message, as in "HEAPRAY_X: '1' is not allowed; use 2; EFFECT". */
  readonly effect: string;
}

/** One row of the table of options. */
export interface OptionSpec<Value, Given = Value> {
  readonly kind: Kind<Value, Given>;
  /** Variables; the first one set wins. */
  readonly env: readonly string[];
  /** Places in the file; the first one present wins. */
  readonly file: readonly FileKey[];
  /** Built-in value, in the form that code would give it; `undefined` if it depends on the process. */
  readonly default: unknown;
  /** Name in code of the versions before 0.2; still accepted, with a warning. */
  readonly formerly?: string;
  /** Text shown in docs instead of the value. */
  readonly defaultText?: string;
  /**
   * True if a variable that is set but empty is a value. Otherwise it counts as not set, as in OpenTelemetry.
   */
  readonly emptyEnv?: boolean;
  /** Used for a wrong value of the environment or the file, where the default could let others in. */
  readonly whenWrong?: SafeValue;
  readonly description: string;
}

const heapray = (key: string): FileKey => ({ section: 'heapray', key });
const profiling = (key: string): FileKey => ({ section: 'profiling', key });

const OFF: SafeValue = { value: 'off', effect: 'it stays off' };
const NO_SERVER: SafeValue = { value: 'off', effect: 'the debug server is not started' };
const FORBIDDEN: SafeValue = { value: false, effect: 'it stays off' };
const NOT_SHARED: SafeValue = { value: false, effect: 'this process shares no port' };

/** Checks the type of a row. */
function option<Value, Given>(spec: OptionSpec<Value, Given>): OptionSpec<Value, Given> {
  return spec;
}

/**
 * All options, in the order of the docs. The only source file to change for a new one: types, parsing, messages, docs
 * and what the profiler thread gets are derived from it. CONTRIBUTING.md lists its tests.
 */
export const OPTIONS = {
  /** Enables profiling. */
  enabled: option({
    kind: onOff,
    env: ['HEAPRAY_ENABLED'],
    file: [heapray('enabled')],
    default: true,
    description: 'Whether to profile at all.',
  }),
  /** Mean bytes between two samples: an integer from 1 to 2^30. */
  samplingInterval: option({
    kind: integer({ min: 1, max: 2 ** 30, unit: 'bytes' }),
    env: ['HEAPRAY_SAMPLING_INTERVAL'],
    file: [heapray('sampling_interval')],
    default: 65_536,
    defaultText: '65536; up to 524288 for large heaps and busy programs',
    description: 'Mean number of allocated bytes between two samples.',
  }),
  /** `samplingInterval` while a component of this process is traced. */
  tracedSamplingInterval: option({
    kind: integer({ min: 1, max: 2 ** 30, unit: 'bytes' }),
    env: ['HEAPRAY_TRACED_SAMPLING_INTERVAL'],
    file: [heapray('traced_sampling_interval')],
    default: 8192,
    description: 'The sampling interval of a process that has a traced component.',
  }),
  /** Keeps V8 from inlining functions, so that stacks have a frame for each. */
  accurateStacks: option({
    kind: boolean,
    env: ['HEAPRAY_ACCURATE_STACKS'],
    file: [heapray('accurate_stacks')],
    default: false,
    description:
      'Whether V8 is kept from inlining functions, so that stacks name each of them. Code that calls many tiny functions becomes slower.',
  }),
  /** Name of this process in metrics and file names. */
  component: option({
    kind: name,
    env: ['HEAPRAY_COMPONENT', 'OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES'],
    file: [heapray('component')],
    default: undefined,
    defaultText:
      "the `service.name` of the application's SDK, else the main script's name without its extension",
    description: 'What this process is called in metrics and file names.',
  }),
  /** Components that write captures: an array, or one string with commas. */
  traceComponents: option({
    kind: list,
    env: ['HEAPRAY_TRACE_COMPONENTS', 'AIRFLOW__PROFILING__MEMRAY_TRACE_COMPONENTS'],
    file: [heapray('trace_components'), profiling('memray_trace_components')],
    default: [],
    defaultText: 'none',
    emptyEnv: true,
    description: 'The components that write captures.',
  }),
  /** Records every allocation of the traced components: exact mode. */
  detailedTracing: option({
    kind: boolean,
    env: ['HEAPRAY_DETAILED_TRACING', 'AIRFLOW__PROFILING__MEMRAY_DETAILED_TRACING'],
    file: [heapray('detailed_tracing'), profiling('memray_detailed_tracing')],
    default: false,
    emptyEnv: true,
    description:
      'Whether captures of traced components hold every allocation (exact mode) instead of samples. Code that allocates much runs 5 to 20 times slower.',
  }),
  /** Overload in exact mode: the program waits for polls (`wait`), or continues and allocations are only counted (`lose`). */
  exactOverload: option({
    kind: word(['wait', 'lose']),
    env: ['HEAPRAY_EXACT_OVERLOAD'],
    file: [heapray('exact_overload')],
    default: 'wait',
    description:
      'In exact mode, whether the program waits while a poll is read (`wait`), or continues and more allocations are only counted (`lose`).',
  }),
  /** Folder of the captures; `~` and `$VAR` are expanded. */
  home: option({
    kind: path,
    env: ['HEAPRAY_HOME', 'AIRFLOW_HOME'],
    file: [heapray('home'), { section: 'core', key: 'airflow_home' }],
    default: './heapray',
    description: 'The folder that captures are written to.',
  }),
  /** Path of the INI file; `~` and `$VAR` are expanded. It must exist. */
  configFile: option<string | undefined, string>({
    kind: path,
    env: ['HEAPRAY_CONFIG', 'AIRFLOW_CONFIG'],
    file: [],
    default: undefined,
    defaultText: '$AIRFLOW_HOME/airflow.cfg when AIRFLOW_HOME is set, else none',
    description: 'The INI file to read settings from.',
  }),
  /** Format of the captures. */
  memrayFormat: option({
    kind: choice([13, 12, 11]),
    env: ['HEAPRAY_MEMRAY_FORMAT'],
    file: [heapray('memray_format')],
    default: 13,
    description: 'Format of the captures: 13 for memray 1.20, 12 for 1.19, 11 for 1.11 to 1.18.',
  }),
  /** Loopback port for `memray live`: from 1 to 65535, or `off`. */
  memrayLivePort: option({
    kind: port,
    env: ['HEAPRAY_MEMRAY_LIVE_PORT'],
    file: [heapray('memray_live_port')],
    default: 'off',
    whenWrong: OFF,
    emptyEnv: true,
    description:
      'The loopback port that `memray live` may connect to. A process that has one counts as traced.',
  }),
  /** Size at which a capture file ends, in bytes: an integer from 64 KiB. */
  maxCaptureBytes: option({
    kind: integer({ min: 2 ** 16, max: Number.MAX_SAFE_INTEGER, unit: 'bytes' }),
    env: ['HEAPRAY_MAX_CAPTURE_BYTES'],
    file: [heapray('max_capture_bytes')],
    default: 2 ** 30,
    description: 'The size at which a capture ends.',
  }),
  /** Continuation of a capture that has reached its size: in another file, or aggregated. */
  captureOverflow: option({
    kind: word(['rotate', 'aggregate']),
    env: ['HEAPRAY_CAPTURE_OVERFLOW'],
    file: [heapray('capture_overflow')],
    default: 'rotate',
    description: 'How a capture of that size continues: in another file, or summed up over the whole run.',
  }),
  /** Writes sums by stack, instead of single allocations. */
  aggregateCaptures: option({
    kind: boolean,
    env: ['HEAPRAY_AGGREGATE_CAPTURES'],
    file: [heapray('aggregate_captures')],
    default: false,
    description:
      'Whether captures hold sums by stack, at the peak and at the end, as `memray run --aggregate` writes them, instead of single allocations.',
  }),
  /** Content of the captures of functions: what is allocated below them, or everything meanwhile. */
  captureScope: option({
    kind: word(['auto', 'component', 'process']),
    env: ['HEAPRAY_CAPTURE_SCOPE'],
    file: [heapray('capture_scope')],
    default: 'auto',
    description:
      'What the capture of a function contains: what is allocated below it and by what it has started (`component`), or everything meanwhile (`process`). `auto` is `component` if several components are traced.',
  }),
  /** Compresses finished captures. */
  memrayCompress: option({
    kind: boolean,
    env: ['HEAPRAY_MEMRAY_COMPRESS'],
    file: [heapray('memray_compress')],
    default: false,
    description: 'Whether finished captures are compressed (LZ4), as `memray run` does.',
  }),
  /** Number of captures kept per component, from 1 to 1000. */
  maxCaptures: option({
    kind: integer({ min: 1, max: 1000, unit: 'files' }),
    env: ['HEAPRAY_MAX_CAPTURES'],
    file: [heapray('max_captures')],
    default: 5,
    description: 'How many captures of a component are kept.',
  }),
  /** Keeps a profile on disk while a memory limit is near. */
  oomProfile: option({
    kind: switchWord(['off', 'on']),
    env: ['HEAPRAY_OOM_PROFILE'],
    file: [heapray('oom_profile')],
    default: 'on',
    description: 'Whether a profile is kept in `home` while a memory limit is near.',
  }),
  /** Events that have a profile written: `leak`, `limit`. */
  captureOn: option({
    kind: words(['leak', 'limit']),
    env: ['HEAPRAY_CAPTURE_ON'],
    file: [heapray('capture_on')],
    default: [],
    defaultText: 'off',
    emptyEnv: true,
    description:
      'When a profile is written to `home` by itself: when a leak is suspected, when a memory limit comes near.',
  }),
  /** Number of call sites that an instrument reports by name, from 1 to 1000. */
  maxCallSites: option({
    kind: integer({ min: 1, max: 1000, unit: 'call sites' }),
    env: ['HEAPRAY_MAX_CALL_SITES'],
    file: [heapray('max_call_sites')],
    default: 10,
    description: 'How many call sites an instrument reports by name; the rest are summed as one.',
  }),
  /** Unit that call sites are summed by in metrics. */
  groupBy: option({
    kind: word(['function', 'file', 'package', 'component']),
    env: ['HEAPRAY_GROUP_BY'],
    file: [heapray('group_by')],
    default: 'function',
    description: 'Attribute by which call sites are summed in metrics; finer attributes are left out.',
  }),
  /**
   * Attributes memory outside V8's heap to the functions that make Buffers: `off`, `buffers`, or `all` for array
   * buffers and typed arrays too.
   */
  offHeap: option({
    kind: switchWord(['off', 'buffers', 'all']),
    env: ['HEAPRAY_OFFHEAP'],
    file: [heapray('offheap')],
    default: 'off',
    description:
      'Whether Buffers are attributed to the functions that make them (`buffers`), and array buffers and typed arrays too (`all`).',
  }),
  /** Splits the bytes in use of each call site by age, in metrics. */
  retentionAges: option({
    kind: boolean,
    env: ['HEAPRAY_RETENTION_AGES'],
    file: [heapray('retention_ages')],
    default: false,
    description:
      'Whether `heapray.memory.retained` is split by age for each call site: up to six times as many series.',
  }),
  /** Also reports the memory metrics of OpenTelemetry's semantic conventions. */
  semconvMetrics: option({
    formerly: 'conventionMetrics',
    kind: boolean,
    env: ['HEAPRAY_CONVENTION_METRICS'],
    file: [heapray('convention_metrics')],
    default: false,
    description:
      "Whether the memory metrics of OpenTelemetry's conventions are given too, which its runtime-node instrumentation has.",
  }),
  /** Profiles worker threads too. */
  workers: option({
    kind: onOff,
    env: ['HEAPRAY_WORKERS'],
    file: [heapray('workers')],
    default: true,
    description: 'Whether the worker threads of the program are profiled too.',
  }),
  /** Number of live samples above which the sampling interval grows. */
  maxLiveSamples: option({
    kind: integer({ min: 1000, max: 10_000_000, unit: 'samples' }),
    env: ['HEAPRAY_MAX_LIVE_SAMPLES'],
    file: [heapray('max_live_samples')],
    default: 20_000,
    description:
      'With more samples alive, the sampler is started again at four times its interval, unless a component is traced.',
  }),
  /** Fraction of one core that profiling may use, from 0.0001 to 0.5. */
  cpuBudget: option({
    kind: decimal({ min: 0.0001, max: 0.5, unit: 'fraction of one core' }),
    env: ['HEAPRAY_CPU_BUDGET'],
    file: [heapray('cpu_budget')],
    default: 0.005,
    description: 'How much processor time profiling may use.',
  }),
  /** Length of a window in which growth is judged, in seconds: an integer from 1 to 3600. */
  leakWindowSeconds: option({
    formerly: 'leakWindow',
    kind: integer({ min: 1, max: 3600, unit: 'seconds' }),
    env: ['HEAPRAY_LEAK_WINDOW'],
    file: [heapray('leak_window')],
    default: 20,
    description:
      'Leaks are judged by eleven windows of this length; what is older than one window counts as old.',
  }),
  /** Address of /debug/pprof: `host:port`, `[::1]:port`, a {@link HostPort}, or `off`. */
  debugAddress: option({
    formerly: 'debugServer',
    kind: hostPort,
    env: ['HEAPRAY_DEBUG_ADDR'],
    file: [heapray('debug_addr')],
    default: 'off',
    whenWrong: NO_SERVER,
    defaultText: 'off; 127.0.0.1:6464 with `@heapray/instrumentation/register`',
    emptyEnv: true,
    description: 'Where the /debug/pprof server listens.',
  }),
  /** Lets processes with the same address share its port. */
  group: option({
    kind: onOff,
    env: ['HEAPRAY_GROUP'],
    file: [heapray('group')],
    default: true,
    whenWrong: NOT_SHARED,
    defaultText: 'on',
    description:
      'Whether processes of one user with the same address share its port, and one of them serves all.',
  }),
  /** Allows `?gc=1`, which collects garbage before a profile. */
  allowGc: option({
    kind: boolean,
    env: ['HEAPRAY_ALLOW_GC'],
    file: [heapray('allow_gc')],
    default: false,
    whenWrong: FORBIDDEN,
    description: 'Whether clients of that server may have garbage collected before a profile (`?gc=1`).',
  }),
  /** Allows heap snapshots of the process on `/debug/heapsnapshot`. */
  heapSnapshots: option({
    kind: boolean,
    env: ['HEAPRAY_HEAP_SNAPSHOTS'],
    file: [heapray('heap_snapshots')],
    default: false,
    whenWrong: FORBIDDEN,
    description:
      'Whether clients of that server may take heap snapshots, which stop the program for seconds and contain all its data.',
  }),
  /** Token that clients of that server must send, or `off`. */
  debugToken: option<string | undefined, string>({
    kind: secret,
    env: ['HEAPRAY_DEBUG_TOKEN'],
    file: [heapray('debug_token')],
    default: 'off',
    // Refuse an empty variable: a command that failed to make the token leaves one.
    emptyEnv: true,
    whenWrong: NO_SERVER,
    description:
      'The token that clients of that server must send, as `Authorization: Bearer TOKEN` or as the password of any user.',
  }),
  /** Exporters that profiles are sent with: `otlp`, `pyroscope`, `file`. */
  profilesExporter: option({
    kind: words(['otlp', 'pyroscope', 'file']),
    env: ['HEAPRAY_PROFILES_EXPORTER'],
    file: [heapray('profiles_exporter')],
    default: [],
    defaultText: 'off',
    emptyEnv: true,
    description: 'Where profiles are sent: to a Collector by OTLP, to Pyroscope, to files in `home`.',
  }),
  /** Time between two profiles that are sent, in seconds: an integer from 1 to 3600. */
  profilesInterval: option({
    kind: integer({ min: 1, max: 3600, unit: 'seconds' }),
    env: ['HEAPRAY_PROFILES_INTERVAL'],
    file: [heapray('profiles_interval')],
    default: 60,
    description: 'The time between two profiles that are sent.',
  }),
  /** Folder of the dumps of a preloaded jemalloc, or `off`; `~` and `$VAR` are expanded. */
  nativeDumps: option({
    kind: pathOrOff,
    env: ['HEAPRAY_NATIVE_DUMPS'],
    file: [heapray('native_dumps')],
    default: 'off',
    description:
      'The folder in which jemalloc, preloaded with profiling, writes heap dumps named `heap.*`. They are read, become part of profiles, and are deleted. `heapray run --native` sets it.',
  }),
};

/** The name of an option. */
export type OptionName = keyof typeof OPTIONS;

/** Names of all options, in the order of the table. */
export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS) as OptionName[];
