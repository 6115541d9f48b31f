import { ReflectApply } from '../../protocol/primordials.js';
import type { BufferSampler } from './buffer-sampler.js';
import { type AnyFunction, dress, HookedProperty } from './hooked-property.js';

/** Functions of `Buffer` that allocate memory. */
const NAMES = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'from', 'concat', 'copyBytesFrom'] as const;
/** Their module, as V8 names it. */
const BUFFER_MODULE = 'node:buffer';

/**
 * Returns hooks on the functions of `Buffer` that allocate memory. Node's own modules call these too, e.g. for
 * `fs.readFile`, streams and zlib.
 *
 * @param buffer the `Buffer` to hook
 */
export function bufferHooks(buffer: object, sampler: BufferSampler): readonly HookedProperty[] {
  const hooks: HookedProperty[] = [];
  for (let at = 0; at < NAMES.length; at++) {
    const name = NAMES[at]!;
    const maker = sampler.maker(name, BUFFER_MODULE);
    const wrap = (original: AnyFunction) => dress(counting(original, sampler, maker), original);
    hooks[at] = new HookedProperty(buffer, name, wrap);
  }
  return hooks;
}

/**
 * Returns a function that does the same and counts the bytes of the result, unless another hook has counted
 * meanwhile: which of the functions call each other depends on the version of Node.
 */
function counting(original: AnyFunction, sampler: BufferSampler, maker: number): AnyFunction {
  const { left } = sampler;
  return function counted(this: unknown, ...args) {
    const before = left[0]!;
    const result = ReflectApply(original, this, args) as { readonly byteLength: number } | undefined;
    if (left[0] !== before) return result;
    // Not a number if other code has replaced the original; then `take` draws again.
    const after = before - (result?.byteLength as number);
    left[0] = after;
    if (!(after > 0)) sampler.take(maker, result, args[0]);
    return result;
  };
}
