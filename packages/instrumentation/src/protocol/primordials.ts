/**
 * Functions of JavaScript and Node used on the application's main thread, as they were when heapray was
 * loaded.
 *
 * The application may replace any of them later: test runners install timers that return numbers, browser
 * shims remove `performance`, hardening freezes or poisons prototypes. Names follow Node's own primordials: a
 * function `ArrayPrototypePush` takes the array as its first parameter.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { MessagePort } from 'node:worker_threads';

/** The global, not an import of `node:process`, because listing its exports opens the standard streams. */
const process: NodeJS.Process = globalThis.process;

export { clearTimeout, process, setImmediate, setTimeout };

/**
 * `bind.bind(call)`: turns a method into a function `F` of the object and the parameters, without a lookup
 * per call.
 */
const { bind, call } = Function.prototype;
const uncurryThis = bind.bind(call) as <F>(method: (...args: never[]) => unknown) => F;

export const ArrayIsArray: typeof Array.isArray = Array.isArray;
export const AtomicsAdd: typeof Atomics.add = Atomics.add;
export const AtomicsLoad: typeof Atomics.load = Atomics.load;
export const AtomicsNotify: typeof Atomics.notify = Atomics.notify;
export const AtomicsStore: typeof Atomics.store = Atomics.store;
export const AtomicsWait: typeof Atomics.wait = Atomics.wait;
export const DateNow: typeof Date.now = Date.now;
export const ErrorCaptureStackTrace: typeof Error.captureStackTrace = Error.captureStackTrace;
export const FunctionPrototypeApply: typeof Function.prototype.apply = Function.prototype.apply;
export const JSONParse: typeof JSON.parse = JSON.parse;
export const JSONStringify: typeof JSON.stringify = JSON.stringify;
export const MathExpm1: typeof Math.expm1 = Math.expm1;
export const MathFloor: typeof Math.floor = Math.floor;
export const MathLog: typeof Math.log = Math.log;
export const MathMax: typeof Math.max = Math.max;
export const MathMin: typeof Math.min = Math.min;
export const MathRandom: typeof Math.random = Math.random;
export const MathRound: typeof Math.round = Math.round;
export const ObjectDefineProperty: typeof Object.defineProperty = Object.defineProperty;
export const ObjectEntries: typeof Object.entries = Object.entries;
export const ObjectFromEntries: typeof Object.fromEntries = Object.fromEntries;
export const ObjectHasOwn: typeof Object.hasOwn = Object.hasOwn;
export const ObjectKeys: typeof Object.keys = Object.keys;
export const ObjectValues: typeof Object.values = Object.values;
export const ReflectApply: typeof Reflect.apply = Reflect.apply;
export const ReflectConstruct: typeof Reflect.construct = Reflect.construct;
export const ReflectDefineProperty: typeof Reflect.defineProperty = Reflect.defineProperty;
export const ReflectDeleteProperty: typeof Reflect.deleteProperty = Reflect.deleteProperty;
export const ReflectGet: typeof Reflect.get = Reflect.get;
export const ReflectGetOwnPropertyDescriptor: typeof Reflect.getOwnPropertyDescriptor =
  Reflect.getOwnPropertyDescriptor;
export const ReflectOwnKeys: typeof Reflect.ownKeys = Reflect.ownKeys;
export const ReflectSet: typeof Reflect.set = Reflect.set;
export const SymbolFor: typeof Symbol.for = Symbol.for;

/** The global object itself. Its properties may change; its identity does not. */
export const globalObject: typeof globalThis = globalThis;
export const SafeArray: ArrayConstructor = Array;
export const SafeError: ErrorConstructor = Error;
export const SafeFloat64Array: Float64ArrayConstructor = Float64Array;
export const SafeInt32Array: Int32ArrayConstructor = Int32Array;
export const SafeNumber: NumberConstructor = Number;
export const SafePromise: PromiseConstructor = Promise;
export const SafeProxy: ProxyConstructor = Proxy;
export const SafeRangeError: RangeErrorConstructor = RangeError;
export const SafeRegExp: RegExpConstructor = RegExp;
export const SafeSharedArrayBuffer: SharedArrayBufferConstructor = SharedArrayBuffer;
export const SafeString: StringConstructor = String;
export const SafeTypeError: TypeErrorConstructor = TypeError;
export const SafeURL: typeof URL = URL;

type TextOf = (value: (...args: never[]) => unknown) => string;
export const FunctionPrototypeToString: TextOf = uncurryThis<TextOf>(Function.prototype.toString);

/** Returns the getter of a prototype's property as a function of the object. */
function getterOf<F>(prototype: object, key: string): F {
  const { get } = Reflect.getOwnPropertyDescriptor(prototype, key) as { get: () => unknown };
  return uncurryThis<F>(get);
}
const typedArray = Reflect.getPrototypeOf(Uint8Array.prototype) as object;
type ViewBytes = (view: NodeJS.TypedArray) => number;
export const TypedArrayGetByteLength: ViewBytes = getterOf<ViewBytes>(typedArray, 'byteLength');
type ViewStore = (view: NodeJS.TypedArray) => ArrayBufferLike;
export const TypedArrayGetBuffer: ViewStore = getterOf<ViewStore>(typedArray, 'buffer');
type StoreBytes = (store: ArrayBuffer) => number;
export const ArrayBufferGetByteLength: StoreBytes = getterOf<StoreBytes>(ArrayBuffer.prototype, 'byteLength');

export const ProcessKill: typeof process.kill = process.kill.bind(process);

type Includes = (text: string, part: string) => boolean;
export const StringPrototypeIncludes: Includes = uncurryThis<Includes>(String.prototype.includes);

type Replace = (text: string, pattern: RegExp, by: string) => string;
export const StringPrototypeReplace: Replace = uncurryThis<Replace>(String.prototype.replace);
type Slice = (text: string, start: number, end: number) => string;
export const StringPrototypeSlice: Slice = uncurryThis<Slice>(String.prototype.slice);

type PromiseThen = <T>(
  promise: Promise<T>,
  onFulfilled: ((value: T) => unknown) | undefined,
  onRejected: ((reason: unknown) => unknown) | undefined,
) => Promise<unknown>;
export const PromisePrototypeThen: PromiseThen = uncurryThis<PromiseThen>(Promise.prototype.then);

type Listener = (...args: never[]) => void;
type Listen = (emitter: EventEmitter, event: string, listener: Listener) => unknown;
const { prototype: emitter } = EventEmitter;
export const EmitterOn: Listen = uncurryThis<Listen>(emitter.on);
export const EmitterPrepend: Listen = uncurryThis<Listen>(emitter.prependListener);
export const EmitterRemove: Listen = uncurryThis<Listen>(emitter.removeListener);
type Count = (emitter: EventEmitter, event: string) => number;
export const EmitterCount: Count = uncurryThis<Count>(emitter.listenerCount);
type Listeners = (emitter: EventEmitter, event: string) => object[];
export const EmitterRaw: Listeners = uncurryThis<Listeners>(emitter.rawListeners);

const { prototype: readable } = Readable;
type StreamEnd = (stream: Readable) => unknown;
export const StreamDestroy: StreamEnd = uncurryThis<StreamEnd>(readable.destroy);

type RunInContext = <T>(context: AsyncResource, work: () => T) => T;
export const AsyncResourceRun: RunInContext = uncurryThis<RunInContext>(
  AsyncResource.prototype.runInAsyncScope,
);

const { prototype: storage } = AsyncLocalStorage;
type StorageGet = <S>(storage: AsyncLocalStorage<S>) => S | undefined;
export const AsyncStorageGet: StorageGet = uncurryThis<StorageGet>(storage.getStore);
type StorageRun = <S, T>(storage: AsyncLocalStorage<S>, value: S, work: () => T) => T;
export const AsyncStorageRun: StorageRun = uncurryThis<StorageRun>(storage.run);

const { prototype: port } = MessagePort;
type PortListen = (port: MessagePort, event: 'message' | 'messageerror', listener: Listener) => unknown;
export const PortOn: PortListen = uncurryThis<PortListen>(port.on);
type Post = (port: MessagePort, message: unknown) => void;
export const PortPost: Post = uncurryThis<Post>(port.postMessage);
type Hold = (port: MessagePort) => void;
export const PortRef: Hold = uncurryThis<Hold>(port.ref);
export const PortUnref: Hold = uncurryThis<Hold>(port.unref);

/** Milliseconds on a monotonic clock. */
export const now: () => number = performance.now.bind(performance);

/** Gives a subclass its own copies of all methods, so that replacing the original's has no effect on it. */
function withOwnMethods<T extends { readonly prototype: object }>(original: object, subclass: T): T {
  for (const key of Reflect.ownKeys(original)) {
    if (Object.hasOwn(subclass.prototype, key)) continue;
    Object.defineProperty(
      subclass.prototype,
      key,
      Reflect.getOwnPropertyDescriptor(original, key) as PropertyDescriptor,
    );
  }
  return subclass;
}

export const SafeMap: MapConstructor = withOwnMethods(Map.prototype, class SafeMap extends Map {});
export const SafeSet: SetConstructor = withOwnMethods(
  Set.prototype,
  class SafeSet extends Set {},
) as SetConstructor;
export const SafeWeakMap: WeakMapConstructor = withOwnMethods(
  WeakMap.prototype,
  class SafeWeakMap extends WeakMap {},
);
export const SafeWeakSet: WeakSetConstructor = withOwnMethods(
  WeakSet.prototype,
  class SafeWeakSet extends WeakSet {},
);
export const SafeWeakRef: WeakRefConstructor = withOwnMethods(
  WeakRef.prototype,
  class SafeWeakRef<T extends WeakKey> extends WeakRef<T> {},
);
export const SafeFinalizationRegistry: FinalizationRegistryConstructor = withOwnMethods(
  FinalizationRegistry.prototype,
  class SafeFinalizationRegistry<T> extends FinalizationRegistry<T> {},
);
export type SafeArrayBuffer = ArrayBuffer;
export type SafeFinalizationRegistry<T> = FinalizationRegistry<T>;
export type SafeFloat64Array = Float64Array;
export type SafeMap<K, V> = Map<K, V>;
export type SafeSet<T> = Set<T>;
export type SafeWeakRef<T extends WeakKey> = WeakRef<T>;
