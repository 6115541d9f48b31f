import {
  ConfigError,
  type ConfigInput,
  type HeaprayOptions,
  nodeConfigInput,
  resolveConfig,
} from '../config/index.js';
import type { Log } from '../protocol/log.js';
import type { NearLimit } from '../protocol/messages.js';
import { SafeMap } from '../protocol/primordials.js';
import { notReader, type ProfileReader } from './exports/profile-reader.js';
import type { LeakListener } from './log/safe-listeners.js';
import type { ConfigFor } from './profiler/traced-components.js';
import { pm2AppName, programEnvironment } from './start/pm2.js';

/**
 * Options for `HeaprayInstrumentation`; see `docs/configuration.md`. The environment can also set
 * `HeaprayOptions`.
 */
export interface HeaprayInstrumentationConfig extends HeaprayOptions {
  /** Additional destination for messages besides OpenTelemetry's diagnostics; used by `register`. */
  readonly log?: Log | undefined;
  /**
   * Called once for each call site that starts to look like a leak, and again after an hour at the earliest.
   */
  readonly onLeakSuspect?: LeakListener | undefined;
  /**
   * Called when the process has used 80 % of a memory limit, and again after ten minutes at the earliest. It is not
   * called while the main thread is in a loop.
   */
  readonly onNearLimit?: ((near: NearLimit) => void) | undefined;
  /**
   * Readers that export profiles, `PeriodicExportingProfileReader` of `@heapray/exporter/export`. Those with an exporter of
   * that package run on heapray's thread, others on the main thread. They end with `shutdown()` or `disable()`.
   *
   * @experimental
   */
  readonly profileReaders?: readonly ProfileReader[] | undefined;
  /** Replacements for the built-in defaults; all other settings take precedence. */
  readonly defaults?: HeaprayOptions | undefined;
}

/** @throws ConfigError for a wrong value of an option that only code can give */
export function checkFunctions(config: HeaprayInstrumentationConfig): void {
  for (const option of ['log', 'onLeakSuspect', 'onNearLimit'] as const) {
    const value: unknown = config[option];
    if (value !== undefined && typeof value !== 'function')
      throw new ConfigError(option, value, 'a function');
  }
  const wrong = config.profileReaders && notReader(config.profileReaders);
  if (wrong)
    throw new ConfigError('profileReaders', wrong.value, 'a list of readers of @heapray/exporter/export');
}

/** Reads environment and files once; only the declared components may change later. */
export function configuration(
  config: HeaprayInstrumentationConfig,
  onRefused: NonNullable<ConfigInput['onRefused']>,
): ConfigFor {
  const {
    log: _log,
    onLeakSuspect: _leaks,
    onNearLimit: _limits,
    profileReaders: _readers,
    defaults,
    ...code
  } = config;
  const input = nodeConfigInput();
  const env = programEnvironment();
  const appName = pm2AppName(env);
  const files = new SafeMap<string, string | undefined>();
  const readFile = (path: string) => {
    if (!files.has(path)) files.set(path, input.readFile(path));
    return files.get(path);
  };
  const configFor: ConfigFor = (declaredComponents, serviceName) =>
    resolveConfig({
      ...input,
      appName,
      env,
      readFile,
      code,
      defaults,
      declaredComponents,
      serviceName,
      onRefused,
    });
  return configFor;
}
