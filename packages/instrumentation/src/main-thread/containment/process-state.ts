import {
  globalObject,
  ObjectDefineProperty,
  ObjectHasOwn,
  ReflectGet,
  SafeMap,
  SymbolFor,
} from '../../protocol/primordials.js';

/** Fallback for a frozen global object: each copy of this package then has its own state. */
const ownStates = new SafeMap<string, object>();

/**
 * Returns a state object shared by all copies of this package in the process.
 *
 * @param key name and version of its shape
 * @param create creates it if no copy has done so yet
 */
export function processState<T extends object>(key: string, create: () => T): T {
  const symbol = SymbolFor(key);
  // Check own properties only: the global object may inherit from a Proxy that throws.
  if (ObjectHasOwn(globalObject, symbol)) return ReflectGet(globalObject, symbol) as T;
  const own = ownStates.get(key) as T | undefined;
  if (own) return own;
  const state = create();
  try {
    ObjectDefineProperty(globalObject, symbol, { value: state, configurable: true });
  } catch {
    ownStates.set(key, state);
  }
  return state;
}
