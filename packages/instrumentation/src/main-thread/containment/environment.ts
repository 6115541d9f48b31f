import { process, ReflectOwnKeys } from '../../protocol/primordials.js';
import { contain } from './contain.js';

/**
 * Copies the environment. Leaves out what cannot be read, because the application may have replaced it with a
 * Proxy.
 */
export function environment(): Record<string, string> {
  const nothing = () => {};
  const copy: Record<string, string> = {};
  const { env } = process;
  const keys = contain(() => ReflectOwnKeys(env), nothing) ?? [];
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!;
    if (typeof key !== 'string') continue;
    const value: unknown = contain(() => env[key], nothing);
    if (typeof value === 'string') copy[key] = value;
  }
  return copy;
}
