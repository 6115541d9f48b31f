import {
  ArrayBufferGetByteLength,
  ReflectConstruct,
  SafeProxy,
  TypedArrayGetByteLength,
} from '../../protocol/primordials.js';
import type { BufferSampler } from './buffer-sampler.js';
import { type AnyFunction, HookedProperty } from './hooked-property.js';

/** Constructors of memory outside V8's heap. Not `SharedArrayBuffer`: its end cannot be seen. */
const NAMES = [
  'ArrayBuffer',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

/**
 * Returns hooks on the global constructors of array buffers and typed arrays. Each becomes a Proxy, also as the
 * `constructor` of its prototype, so that the constructor of a value is still the global. `instanceof`,
 * subclasses and static methods work as before; `slice` and `map` of typed arrays are slower.
 *
 * @param globals the global object
 */
export function constructorHooks(globals: object, sampler: BufferSampler): readonly HookedProperty[] {
  const hooks: HookedProperty[] = [];
  for (let at = 0; at < NAMES.length; at++) {
    const name = NAMES[at]!;
    const original = (globals as Record<string, AnyFunction | undefined>)[name];
    // `Float16Array` is missing before Node 26.
    if (typeof original !== 'function') continue;
    const bytesOf = name === 'ArrayBuffer' ? ArrayBufferGetByteLength : TypedArrayGetByteLength;
    const proxy = counting(original, sampler, bytesOf);
    hooks[hooks.length] = new HookedProperty(globals, name, () => proxy);
    hooks[hooks.length] = new HookedProperty(original.prototype as object, 'constructor', () => proxy);
  }
  return hooks;
}

/** @param bytesOf does not call what a subclass has in place of `byteLength`, which may throw so early */
function counting(
  original: AnyFunction,
  sampler: BufferSampler,
  bytesOf: (made: never) => number,
): AnyFunction {
  const { left } = sampler;
  const proxy: AnyFunction = new SafeProxy(original, {
    construct(target, args, newTarget): object {
      const before = left[0]!;
      const made = ReflectConstruct(target, args, newTarget === proxy ? target : newTarget);
      if (left[0] !== before) return made;
      const after = before - bytesOf(made as never);
      left[0] = after;
      if (!(after > 0)) sampler.take(made, args[0]);
      return made;
    },
  });
  return proxy;
}
