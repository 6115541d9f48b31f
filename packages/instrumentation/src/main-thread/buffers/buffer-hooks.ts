import { ReflectApply } from '../../protocol/primordials.js';
import type { BufferSampler } from './buffer-sampler.js';
import { type AnyFunction, dress, HookedProperty } from './hooked-property.js';

/** Functions of `Buffer` that allocate memory. */
const NAMES = ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'from', 'concat', 'copyBytesFrom'] as const;

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
    const wrap = (original: AnyFunction) => dress(counting(original, sampler), original);
    hooks[at] = new HookedProperty(buffer, name, wrap);
  }
  return hooks;
}

/**
 * Returns a function that does the same and counts the bytes of the result, unless another hook has counted
 * meanwhile: which of the functions call each other depends on the version of Node.
 */
function counting(original: AnyFunction, sampler: BufferSampler): AnyFunction {
  const { left } = sampler;
  // The key is the name that V8 keeps, see `HOOK_NAME`; a minifier may change any other.
  const { '(heapray)': counted } = {
    '(heapray)': function (this: unknown, ...args: unknown[]): unknown {
      const before = left[0]!;
      const result = ReflectApply(original, this, args) as { readonly byteLength: number } | undefined;
      if (left[0] !== before) return result;
      // It is not a number if other code has replaced the original; then `take` draws again.
      const after = before - (result?.byteLength as number);
      left[0] = after;
      if (!(after > 0)) sampler.take(result, args[0]);
      return result;
    },
  };
  return counted;
}

/** Returns the place in a hook's code from which it calls the original. All hooks have the same code. */
export function placeOfHookedCall(placeOfCaller: () => string): string {
  // Ends before anything is counted.
  const never = { left: [0] } as unknown as BufferSampler;
  let place = '';
  counting(() => {
    place = placeOfCaller();
    never.left[0] = 1;
    return undefined;
  }, never)();
  return place;
}
