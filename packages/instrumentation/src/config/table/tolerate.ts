import { ConfigError } from './config-error.js';
import type { ConfigInput } from './types.js';

/**
 * Reads a setting from the environment or a file. If it is refused and `onRefused` is set, reports it and
 * returns `otherwise`.
 *
 * @param ofAirflow returns true if Airflow itself would refuse it
 * @throws {ConfigError} without `onRefused`
 */
export function tolerate<T>(
  { onRefused }: Pick<ConfigInput, 'onRefused'>,
  ofAirflow: (error: ConfigError) => boolean,
  read: () => T,
  otherwise: T,
): T {
  try {
    return read();
  } catch (error) {
    if (!onRefused || !(error instanceof ConfigError)) throw error;
    onRefused(error, ofAirflow(error));
    return otherwise;
  }
}
