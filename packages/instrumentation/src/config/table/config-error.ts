import { printable, quote } from './text.js';

/** A wrong setting. The message is one line: the key, the value, and what is allowed. */
export class ConfigError extends Error {
  // Identify by name, so that two copies of the package recognize each other's errors.
  override readonly name = 'ConfigError';
  /** The setting: an option, a variable, `[section] key in PATH`, or `PATH:LINE`. */
  readonly key: string;
  /** The refused value, as it was given. */
  readonly value: unknown;
  /** The allowed values. */
  readonly allowed: string;

  constructor(key: string, value: unknown, allowed: string) {
    super(`${printable(key)}: ${quote(value)} is not allowed; use ${allowed}`);
    this.key = key;
    this.value = value;
    this.allowed = allowed;
  }
}
