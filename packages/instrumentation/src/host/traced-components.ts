import { declaredComponents, declaredCount } from '../components.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Log } from '../diag.js';
import { capturePermissionProblem } from './permissions.js';

/**
 * Resolves the configuration again for the components declared by then.
 *
 * @param serviceName what the application's OpenTelemetry SDK calls the service, once that is known
 */
export type ConfigFor = (declared: readonly string[], serviceName?: string) => ResolvedConfig;

/** Which components are traced, by the configuration and by what the program has declared until now. */
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

  /** The configuration when profiling started, or when the service name became known. */
  get config(): ResolvedConfig {
    return this.#config;
  }

  /**
   * Lets this process's own component follow the service name, unless it was named for heapray, or is traced: then its
   * capture runs under its name.
   *
   * @returns whether the component is another one now
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

  /** The component whose capture runs from start to exit: this process's own, if it is traced. */
  get ofProcess(): string | undefined {
    const { component } = this.config.options;
    return this.config.components.includes(component) ? component : undefined;
  }

  /**
   * Whether single events are followed in this process, at least now and then: it is traced, has declared a component that
   * is, or may be viewed. Names of components that other processes have do not count.
   */
  get any(): boolean {
    if (this.throughout) return true;
    const declared = declaredComponents();
    return this.#current().components.some((name) => declared.includes(name));
  }

  /** Whether they are followed from start to exit, or may be at any time. */
  get throughout(): boolean {
    return this.ofProcess !== undefined || this.config.options.memrayLivePort !== undefined;
  }

  /** Whether calls of a component have captures of their own. */
  has(name: string): boolean {
    // The whole process is being captured under this name already.
    return name !== this.ofProcess && this.#current().components.includes(name);
  }

  /** Reports what the configuration dropped, once: call it when all modules had time to declare their components. */
  warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    for (const warning of this.#current().warnings) this.#log('warn', warning);
  }

  /** The configuration without traced components when their captures may not be written, which is told once. */
  #permitted(config: ResolvedConfig): ResolvedConfig {
    const problem = capturePermissionProblem(config);
    if (problem === undefined) return config;
    if (!this.#isForbidden) this.#log('error', problem);
    this.#isForbidden = true;
    return { ...config, components: [], options: { ...config.options, traceComponents: [] } };
  }

  /** The configuration for what is declared by now. */
  #current(): ResolvedConfig {
    const declared = declaredCount();
    if (this.#latest.declared !== declared) {
      // The process's own name stays allowed if it was: its capture is running.
      const own = this.ofProcess === undefined ? [] : [this.ofProcess];
      this.#latest = {
        declared,
        config: this.#permitted(this.#configFor([...declaredComponents(), ...own], this.#serviceName)),
      };
    }
    return this.#latest.config;
  }
}
