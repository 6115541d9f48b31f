import { printable, quote } from './text.js';

/** A setting that stops the start. The message is one line: the key, the value, and what is allowed. */
export class ConfigError extends Error {
  // By name, so that two copies of the package agree on what it is.
  override readonly name = 'ConfigError';
  /** What to look for: an option, a variable, `[section] key in PATH`, or `PATH:LINE`. */
  readonly key: string;
  /** The refused value, as it was given. */
  readonly value: unknown;
  /** What may stand there instead. */
  readonly allowed: string;

  constructor(key: string, value: unknown, allowed: string) {
    super(`${printable(key)}: ${quote(value)} is not allowed; use ${allowed}`);
    this.key = key;
    this.value = value;
    this.allowed = allowed;
  }
}
