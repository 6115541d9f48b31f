import type { ResolvedConfig } from '../../config/index.js';
import type { CaptureScope } from '../../protocol/captures/component-contexts.js';
import type { Log } from '../../protocol/log.js';
import { capturePermissionProblem } from '../start/permissions.js';
import { declaredComponents, declaredCount } from './components.js';

/**
 * Resolves the configuration again for the components declared by then.
 *
 * @param serviceName service name in the application's OpenTelemetry SDK, once that is known
 */
export type ConfigFor = (declared: readonly string[], serviceName?: string) => ResolvedConfig;

/** Determines which components are traced, from the configuration and the components declared so far. */
export class TracedComponents {
  readonly #configFor: ConfigFor;
  readonly #log: Log;
  #config: ResolvedConfig;
  #serviceName: string | undefined;
  #latest: { readonly declared: number; readonly config: ResolvedConfig };
  #warned = false;
  #isForbidden = false;

  constructor(configFor: ConfigFor, log: Log) {
    this.#configFor = configFor;
    this.#log = log;
    this.#config = this.#permitted(configFor(declaredComponents()));
    this.#latest = { declared: declaredCount(), config: this.#config };
  }

  /** Configuration when profiling started, or when the service name became known. */
  get config(): ResolvedConfig {
    return this.#config;
  }

  /**
   * Sets this process's own component to the service name. Does nothing if the component has a name set for
   * heapray, or is traced, because its capture has the old name.
   *
   * @returns true if the component has changed
   */
  followService(serviceName: string): boolean {
    if (this.ofProcess !== undefined) return false;
    const config = this.#permitted(this.#configFor(declaredComponents(), serviceName));
    if (config.options.component === this.#config.options.component) return false;
    this.#serviceName = serviceName;
    this.#config = config;
    this.#latest = { declared: declaredCount(), config };
    return true;
  }

  /** Component whose capture runs from start to exit: this process's own, if it is traced. */
  get ofProcess(): string | undefined {
    const { component } = this.config.options;
    return this.config.components.includes(component) ? component : undefined;
  }

  /**
   * True if single events are followed in this process, at least at times: it is traced, has declared a
   * traced component, or may be viewed. Component names of other processes do not count.
   */
  get any(): boolean {
    if (this.throughout) return true;
    const declared = declaredComponents();
    return this.#current().components.some((name) => declared.includes(name));
  }

  /** True if events are followed from start to exit, or may be at any time. */
  get throughout(): boolean {
    return this.ofProcess !== undefined || this.config.options.memrayLivePort !== undefined;
  }

  /** True if exact mode runs from start to exit: the process's own capture holds every allocation. */
  get exactThroughout(): boolean {
    return this.ofProcess !== undefined && this.detailed;
  }

  /** True if captures hold every allocation by default. */
  get detailed(): boolean {
    return this.config.detailed;
  }

  /** Returns true if calls of a component get captures of their own. */
  has(name: string): boolean {
    // The process's own component is already being captured as a whole.
    return name !== this.ofProcess && this.#current().components.includes(name);
  }

  /** Scope of the capture of a component that begins now; the component of the process always has all of it. */
  get captureScope(): CaptureScope {
    const { captureScope } = this.config.options;
    if (captureScope !== 'auto') return captureScope;
    const declared = declaredComponents();
    let traced = this.ofProcess === undefined ? 0 : 1;
    for (let at = 0; at < declared.length; at++) if (this.has(declared[at]!)) traced++;
    return traced > 1 ? 'component' : 'process';
  }

  /** Logs the configuration's warnings, once. Call when all modules had time to declare their components. */
  warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    for (const warning of this.#current().warnings) this.#log('warn', warning);
  }

  /**
   * Returns the configuration, without traced components if their captures may not be written. Logs that
   * once.
   */
  #permitted(config: ResolvedConfig): ResolvedConfig {
    const problem = capturePermissionProblem(config);
    if (problem === undefined) return config;
    if (!this.#isForbidden) this.#log('error', problem);
    this.#isForbidden = true;
    return { ...config, components: [], options: { ...config.options, traceComponents: [] } };
  }

  /** Returns the configuration for the components declared so far. */
  #current(): ResolvedConfig {
    const declared = declaredCount();
    if (this.#latest.declared !== declared) {
      this.#latest = {
        declared,
        config: this.#permitted(this.#configFor(declaredComponents(), this.#serviceName)),
      };
    }
    return this.#latest.config;
  }
}
