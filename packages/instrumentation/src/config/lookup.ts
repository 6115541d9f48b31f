import { expandText, variable } from './file/expand.js';
import type { IniFile } from './file/ini.js';
import { ConfigError } from './table/config-error.js';
import type { Kind } from './table/kinds.js';
import { optionSpec } from './table/option-spec.js';
import type { FileKey } from './table/options.js';
import { tolerate } from './table/tolerate.js';
import type { ConfigInput, HeaprayOptions, OptionName, ResolvedOptions } from './table/types.js';

/** A value and its source. */
export interface Picked<T> {
  readonly value: T;
  readonly source: string;
  /** Setting to name in a warning about the value. */
  readonly setting: FileKey;
}

/** Source of a safe value in place of a wrong one. */
export const REFUSED = 'refused';

/** Looks up options, from the strongest source to the weakest. */
export class Lookup {
  readonly #input: ConfigInput;
  readonly #ini: IniFile | undefined;
  readonly #env: ConfigInput['env'];

  /**
   * @param ini the config file, if there is one
   * @param env variables that options are read from; variables inside values are expanded from `input.env`
   */
  constructor(input: ConfigInput, ini: IniFile | undefined, env: ConfigInput['env']) {
    this.#input = input;
    this.#ini = ini;
    this.#env = env;
  }

  /**
   * Returns the value of an option, or `undefined` if it is not set and has no default.
   *
   * @throws {ConfigError} when the strongest source has a value that is not valid
   */
  pick<K extends OptionName>(option: K): Picked<ResolvedOptions[K]> | undefined {
    const { code, defaults } = this.#input;
    return (
      this.#fromCode(option, own(code, option), 'code') ??
      this.#fromOutside(option) ??
      this.#fromCode(option, own(defaults, option), 'default') ??
      this.#fromCode(option, optionSpec(option).default, 'default')
    );
  }

  /** Returns the value of the environment or the file. A safe one, if it has one, replaces a wrong one. */
  #fromOutside<K extends OptionName>(option: K): Picked<ResolvedOptions[K]> | undefined {
    const { whenWrong } = optionSpec(option);
    return tolerate<Picked<ResolvedOptions[K]> | undefined>(
      this.#input,
      isOfAirflow,
      () => this.#fromEnv(option) ?? this.#fromFile(option),
      this.#fromCode(option, whenWrong?.value, REFUSED),
      whenWrong?.effect,
    );
  }

  #fromCode<K extends OptionName>(
    option: K,
    value: unknown,
    source: string,
  ): Picked<ResolvedOptions[K]> | undefined {
    if (value === undefined) return undefined;
    const { kind } = optionSpec(option);
    const expand = (one: unknown): unknown =>
      kind.expands && typeof one === 'string' ? expandText(one, option, this.#input) : one;
    const accepted = kind.fromCode(Array.isArray(value) ? value.map(expand) : expand(value));
    if (accepted === undefined) throw new ConfigError(option, shown(kind, value), kind.allowed);
    return { value: accepted.value, source, setting: mainSetting(option) };
  }

  #fromEnv<K extends OptionName>(option: K): Picked<ResolvedOptions[K]> | undefined {
    const { env, emptyEnv } = optionSpec(option);
    for (const name of env) {
      const text = variable(this.#env, name);
      if (text === undefined || (text === '' && emptyEnv !== true)) continue;
      return {
        value: this.#fromText(option, text, name),
        source: `env:${name}`,
        setting: settingOf(option, name),
      };
    }
    return undefined;
  }

  #fromFile<K extends OptionName>(option: K): Picked<ResolvedOptions[K]> | undefined {
    for (const setting of optionSpec(option).file) {
      const text = this.#textInFile(option, setting);
      if (text === undefined) continue;
      const key = `[${setting.section}] ${setting.key}`;
      const value = this.#fromText(option, text, `${key} in ${this.#ini?.path}`);
      return { value, source: `file:${this.#ini?.path} ${key}`, setting };
    }
    return undefined;
  }

  /** Returns the text of a key of the file. An error does not show it if it is secret. */
  #textInFile(option: OptionName, { section, key }: FileKey): string | undefined {
    try {
      return this.#ini?.get(section, key);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(error.key, shown(optionSpec(option).kind, error.value), error.allowed);
    }
  }

  #fromText<K extends OptionName>(option: K, text: string, key: string): ResolvedOptions[K] {
    const { kind } = optionSpec(option);
    const accepted = kind.fromText(kind.expands ? expandText(text, key, this.#input) : text);
    if (accepted === undefined) throw new ConfigError(key, shown(kind, text), kind.allowed);
    return accepted.value;
  }
}

/** Returns a refused value as an error has it. */
function shown({ isSecret = false }: Kind<unknown>, value: unknown): unknown {
  return isSecret ? '(hidden)' : value;
}

/** Reads an own property only: the application may have extended `Object.prototype`. */
function own(options: HeaprayOptions | undefined, option: OptionName): unknown {
  return options && Object.hasOwn(options, option) ? Reflect.get(options, option) : undefined;
}

/** Returns true for settings that Airflow itself reads, by the same rules. */
function isOfAirflow({ key }: ConfigError): boolean {
  return key.startsWith('AIRFLOW_') || key.startsWith('[profiling] ');
}

/** Returns the setting of an option in the file; options without one are named like the option. */
function mainSetting(option: OptionName): FileKey {
  return optionSpec(option).file[0] ?? { section: 'heapray', key: option };
}

/** Returns the setting that corresponds to a variable; for Airflow's variables, Airflow's key. */
function settingOf(option: OptionName, variableName: string): FileKey {
  const airflow = optionSpec(option).file.find(
    ({ section, key }) => variableName === `AIRFLOW__${section}__${key}`.toUpperCase(),
  );
  return airflow ?? mainSetting(option);
}
