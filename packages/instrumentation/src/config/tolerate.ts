import { ConfigError } from './config-error.js';
import type { ConfigInput } from './types.js';

/**
 * Reads something that the environment or a file says. When it is refused and somebody wants to be told, it counts as
 * not given.
 *
 * @param ofAirflow whether Airflow itself would refuse it
 * @throws {ConfigError} when nobody wants to be told.
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
