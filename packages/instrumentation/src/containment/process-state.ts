import {
  globalObject,
  ObjectDefineProperty,
  ObjectHasOwn,
  ReflectGet,
  SafeMap,
  SymbolFor,
} from './primordials.js';

/** For a global object that takes no properties: one copy of this package then has a state of its own. */
const ownStates = new SafeMap<string, object>();

/**
 * State that all copies of this package in the process share.
 *
 * @param key its name and the version of its shape
 * @param create makes it when no copy has yet
 */
export function processState<T extends object>(key: string, create: () => T): T {
  const symbol = SymbolFor(key);
  // Only an own property: what the global object inherits from may be a Proxy that throws.
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
