import { ConfigError } from './config-error.js';
import type { ConfigInput } from './types.js';

/** Default end of a message about a wrong value. */
const DEFAULT_EFFECT = 'the default is used';

/**
 * Reads a setting from the environment or a file. If it is refused and `onRefused` is set, reports it and
 * returns `otherwise`.
 *
 * @param ofAirflow returns true if Airflow itself would refuse it
 * @param effect what happens then, as the end of a message
 * @throws {ConfigError} without `onRefused`
 */
export function tolerate<T>(
  { onRefused }: Pick<ConfigInput, 'onRefused'>,
  ofAirflow: (error: ConfigError) => boolean,
  read: () => T,
  otherwise: T,
  effect: string = DEFAULT_EFFECT,
): T {
  try {
    return read();
  } catch (error) {
    if (!onRefused || !(error instanceof ConfigError)) throw error;
    onRefused(error, ofAirflow(error), effect);
    return otherwise;
  }
}
