import { basename, extname, resolve } from 'node:path';
import { readConfigFile } from './file/config-file.js';
import { variable } from './file/expand.js';
import { withoutFormerNames } from './former-names.js';
import { Lookup, REFUSED } from './lookup.js';
import { serviceNameIn } from './resource-attributes.js';
import { lostEffect, maybeMeant, type ServerOption } from './server-settings.js';
import { allowedComponents, type ComponentList, filterComponents } from './table/component-list.js';
import { ConfigError } from './table/config-error.js';
import { MAX_NAME_LENGTH, NAME_FORBIDS } from './table/kinds.js';
import { OPTION_NAMES, OPTIONS } from './table/options.js';
import { quote, strip } from './table/text.js';
import type {
  ConfigInput,
  HeaprayOptions,
  OptionName,
  ResolvedConfig,
  ResolvedOptions,
} from './table/types.js';

const SERVICE_NAME = 'OTEL_SERVICE_NAME';
const RESOURCE_ATTRIBUTES = 'OTEL_RESOURCE_ATTRIBUTES';
/** Set by a profiled process for its children. */
const PARENT_PID = 'HEAPRAY_PARENT_PID';

/** Matches the sources of a component that was not named for heapray. */
const FOLLOWS_SERVICE = /^(?:env:OTEL_|default$)/;

function refuseUnknownOptions(options: HeaprayOptions | undefined): void {
  for (const key of Object.keys(options ?? {})) {
    if (!OPTION_NAMES.some((option) => option === key)) {
      throw new ConfigError('options', key, `one of ${OPTION_NAMES.join(', ')}`);
    }
  }
}

/** Makes a component name from text that was not written as one; may be empty. */
function toName(text: string): string {
  return strip(strip(text).replace(NAME_FORBIDS, '_').slice(0, MAX_NAME_LENGTH).toWellFormed());
}

/** Returns the component name used when none is set. */
function scriptName(mainScript: string | undefined): string {
  const script = basename(mainScript ?? '');
  return toName(basename(script, extname(script))) || 'node';
}

/** Returns the service names from OpenTelemetry's variables, by variable; empty if there is none. */
function serviceNames(env: ConfigInput['env']): Record<string, string> {
  const attributes = variable(env, RESOURCE_ATTRIBUTES) ?? '';
  return {
    [SERVICE_NAME]: strip(variable(env, SERVICE_NAME) ?? ''),
    [RESOURCE_ATTRIBUTES]: strip(serviceNameIn(attributes) ?? ''),
  };
}

/**
 * Returns the environment with service names made valid as components: heapray must not refuse
 * OpenTelemetry's variables.
 */
function withUsableServiceNames(env: ConfigInput['env']): ConfigInput['env'] {
  const usable = Object.entries(serviceNames(env)).map(([name, service]) => [name, toName(service)]);
  return { ...env, ...Object.fromEntries(usable) };
}

function serviceNameWarnings(env: ConfigInput['env'], component: string, source: string): string[] {
  const names = Object.entries(serviceNames(env));
  return names
    .filter(([name, service]) => source === `env:${name}` && service !== component)
    .map(([name, service]) => {
      const what = name === SERVICE_NAME ? name : `service.name in ${name}`;
      return `${what} ${quote(service)} cannot be part of a file name: the component is ${quote(component)}`;
    });
}

/** Returns variables that heapray does not know. With small letters, only those that may be meant for the debug server. */
function unknownVariables(env: ConfigInput['env']): string[] {
  const known = new Set([PARENT_PID, ...OPTION_NAMES.flatMap((option) => OPTIONS[option].env)]);
  const isOurs = (key: string) =>
    key.startsWith('HEAPRAY_') || (/^heapray_/i.test(key) && maybeMeant(key) !== undefined);
  return Object.keys(env).filter((key) => isOurs(key) && env[key] !== undefined && !known.has(key));
}

function unknownVariableWarning(name: string): string {
  const warning = `${quote(name)} is no variable of heapray's and is ignored`;
  const option = maybeMeant(name);
  return option ? `${warning}; ${lostEffect(option)}` : warning;
}

/**
 * Returns true if the address or the token of the debug server was given, but is not known. It must not be started then.
 *
 * @param lost options that may be meant by settings which are not valid
 */
function mustStayClosed(sources: Readonly<Record<string, string>>, lost: readonly ServerOption[]): boolean {
  if (sources.debugAddress === REFUSED || sources.debugToken === REFUSED) return true;
  return lost.some((option) => sources[option] === 'default');
}

/** Looks up options one by one and records the source of each value. */
class Resolution {
  readonly sources: Record<string, string> = {};
  readonly #input: ConfigInput;
  readonly #lookup: Lookup;

  constructor(input: ConfigInput, lookup: Lookup) {
    this.#input = input;
    this.#lookup = lookup;
  }

  value<K extends OptionName>(option: K): ResolvedOptions[K] {
    const picked = this.#lookup.pick(option);
    // Unreachable: only `component` and `configFile` lack a default, and they are resolved elsewhere.
    if (picked === undefined) throw new ConfigError(option, undefined, OPTIONS[option].kind.allowed);
    this.sources[option] = picked.source;
    return picked.value;
  }

  component(): string {
    const picked = this.#lookup.pick('component');
    const service = toName(this.#input.serviceName ?? '');
    // The SDK's name wins over these variables: the SDK reads them too, and code may override them there.
    const isNamed = picked !== undefined && !FOLLOWS_SERVICE.test(picked.source);
    if (service !== '' && !isNamed) {
      this.sources.component = 'sdk';
      return service;
    }
    this.sources.component = picked?.source ?? 'default';
    const { appName, mainScript } = this.#input;
    return picked?.value ?? (toName(appName ?? '') || scriptName(mainScript));
  }

  list(component: string): ComponentList {
    const allowed = allowedComponents(this.#input.declaredComponents ?? [], component);
    const picked = this.#lookup.pick('traceComponents');
    if (picked === undefined) return { components: [], warnings: [] };
    this.sources.traceComponents = picked.source;
    return filterComponents(picked.value, allowed, picked.setting, picked.source);
  }
}

/**
 * Resolves the configuration of a process: code beats the environment, which beats the config file, which
 * beats the defaults. Reads nothing but `given`.
 *
 * @throws {ConfigError} for a wrong value of an option, an unknown option in code, an unknown key in
 *   `[heapray]`, a misspelt `[heapray]`, a config file of heapray that cannot be read, and everything that keeps Airflow itself from
 *   starting
 */
export function resolveConfig(given: ConfigInput): ResolvedConfig {
  const code = withoutFormerNames(given.code);
  const defaults = withoutFormerNames(given.defaults);
  const input = { ...given, code: code.options, defaults: defaults.options };
  refuseUnknownOptions(input.code);
  refuseUnknownOptions(input.defaults);
  const file = readConfigFile(input);
  const lookup = new Lookup(input, file.ini, withUsableServiceNames(input.env));
  const resolution = new Resolution(input, lookup);
  const component = resolution.component();
  const { components, warnings: dropped } = resolution.list(component);
  const unknown = unknownVariables(input.env);
  const special: Partial<ResolvedOptions> = {
    component,
    traceComponents: components,
    home: resolve(input.cwd, resolution.value('home')),
    configFile: file.ini?.path,
  };
  const found = Object.fromEntries(
    OPTION_NAMES.map((name) => [name, Object.hasOwn(special, name) ? special[name] : resolution.value(name)]),
  ) as unknown as ResolvedOptions;
  const sources: Record<string, string> = { ...resolution.sources, configFile: file.source };
  const isClosed = mustStayClosed(sources, [
    ...file.lost,
    ...unknown.flatMap((name) => maybeMeant(name) ?? []),
  ]);
  if (isClosed) sources.debugAddress = REFUSED;
  const options: ResolvedOptions = isClosed ? { ...found, debugAddress: undefined } : found;
  return {
    options,
    components,
    detailed: options.detailedTracing,
    home: options.home,
    configFile: options.configFile,
    sources,
    warnings: [
      ...code.warnings,
      ...defaults.warnings,
      ...file.warnings,
      ...dropped,
      ...serviceNameWarnings(input.env, component, resolution.sources.component ?? ''),
      ...unknown.map(unknownVariableWarning),
    ],
  };
}
