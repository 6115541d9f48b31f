import {
  FunctionPrototypeToString,
  ObjectDefineProperty,
  ReflectDefineProperty,
  ReflectGetOwnPropertyDescriptor,
  ReflectOwnKeys,
} from '../../protocol/primordials.js';

/** Any function, e.g. one of `Buffer`. */
export type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Replaces a function that is a property of an object, and puts it back. If other code has replaced it
 * meanwhile, ours stays below theirs: taking it out would take out theirs too.
 */
export class HookedProperty {
  readonly #owner: object;
  readonly #key: string;
  readonly #wrap: (original: AnyFunction) => AnyFunction;
  #original: AnyFunction | undefined;
  #wrapper: AnyFunction | undefined;

  /** @param wrap makes the replacement; it must work on, without effect, after {@link remove} */
  constructor(owner: object, key: string, wrap: (original: AnyFunction) => AnyFunction) {
    this.#owner = owner;
    this.#key = key;
    this.#wrap = wrap;
  }

  /** Replaces the function; returns false if that is not possible, e.g. because the object is frozen. */
  install(): boolean {
    if (this.#wrapper) return true;
    const descriptor = ReflectGetOwnPropertyDescriptor(this.#owner, this.#key);
    const original: unknown = descriptor?.value;
    if (!descriptor || typeof original !== 'function') return false;
    const wrapper = this.#wrap(original as AnyFunction);
    if (!ReflectDefineProperty(this.#owner, this.#key, { ...descriptor, value: wrapper })) return false;
    this.#original = original as AnyFunction;
    this.#wrapper = wrapper;
    return true;
  }

  /** Puts the original back; returns false if the replacement stays. */
  remove(): boolean {
    if (!this.#wrapper) return true;
    const descriptor = ReflectGetOwnPropertyDescriptor(this.#owner, this.#key);
    if (!descriptor || descriptor.value !== this.#wrapper) return false;
    if (!ReflectDefineProperty(this.#owner, this.#key, { ...descriptor, value: this.#original }))
      return false;
    this.#original = undefined;
    this.#wrapper = undefined;
    return true;
  }
}

/** Gives a wrapper the properties of the original: name, length, prototype and those that were added to it. */
export function dress(wrapper: AnyFunction, original: AnyFunction): AnyFunction {
  const keys = ReflectOwnKeys(original);
  for (let at = 0; at < keys.length; at++) {
    const descriptor = ReflectGetOwnPropertyDescriptor(original, keys[at]!);
    if (descriptor) ReflectDefineProperty(wrapper, keys[at]!, descriptor);
  }
  // Code that looks for native or patched functions reads their text.
  const textOf = () => FunctionPrototypeToString(original);
  return ObjectDefineProperty(wrapper, 'toString', {
    value: textOf,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
