import { types } from 'node:util';
import { checkComponentNames } from '../../config/index.js';
import {
  ReflectApply,
  ReflectConstruct,
  ReflectGet,
  ReflectSet,
  SafeMap,
  SafeProxy,
  SafeSet,
  SafeTypeError,
  SafeWeakRef,
} from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';
import { processState } from '../containment/process-state.js';
import { whenSettled } from './when-settled.js';

/** Work of a component: a function of any kind, or a class. */
export type ComponentWork =
  | ((this: never, ...args: never[]) => unknown)
  | (abstract new (
      ...args: never[]
    ) => unknown);

/**
 * Holds the named parts of a program that can be traced, as Airflow traces its scheduler or its API server.
 * The process has one registry, even if two copies of this package are loaded.
 */
interface Registry {
  readonly declared: SafeSet<string>;
  /**
   * Functions by component. References are weak, so that a program that wraps new functions for each request
   * does not leak them.
   */
  readonly wrapped: SafeMap<string, SafeWeakRef<ComponentWork>[]>;
  /** Set while a profiler runs. */
  captures: ComponentCaptures | undefined;
}

/** A function that is a component's work. */
export interface WrappedFunction {
  readonly component: string;
  readonly work: ComponentWork;
}

/** Interface of a running profiler for components. Its methods never throw. */
export interface ComponentCaptures {
  /** Called for each wrapped function, first for those wrapped before the profiler connected. */
  wrapped(wrapped: WrappedFunction): void;
  /** Called for each newly declared name. */
  declared(name: string): void;
  /**
   * Begins a capture and returns a function that ends it; undefined if the component is not traced.
   *
   * @param isExact true for a capture of every allocation
   */
  begin(name: string, isExact?: boolean): (() => void) | undefined;
  /**
   * Calls a function of a component with a capture, and returns or throws what it does. Missing in older copies of this
   * package.
   */
  run?<T>(name: string, work: () => T): T;
}

/** Options of {@link profileComponent}. */
export interface ProfileComponentOptions {
  /**
   * True to record every allocation of the main thread during the call, instead of samples. The call, and all that
   * runs beside it on that thread, is 5 to 20 times slower if it allocates much. It waits for the profiler thread when it
   * begins and ends, 10 s at most. Default: false, unless `detailedTracing` is set.
   */
  readonly exact?: boolean | undefined;
}

/** Maximum number of components; a program that declares more generates their names at run time. */
const MAX_COMPONENTS = 1000;
/** Maximum number of wrapped functions of a component whose stacks are labelled. */
const MAX_WRAPPED = 100;
const KEY = 'heapray.components.2';

function registry(): Registry {
  return processState(KEY, () => ({
    declared: new SafeSet<string>(),
    wrapped: new SafeMap<string, SafeWeakRef<ComponentWork>[]>(),
    captures: undefined,
  }));
}

/**
 * Declares the components of this program, so that `traceComponents` may name them. Keeps the first 1000.
 *
 * @throws ConfigError when one of the names is not valid for a component; then none of them is declared
 */
export function defineComponents(names: readonly string[]): void {
  checkComponentNames(names);
  const { declared, captures } = registry();
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!;
    if (declared.has(name) || declared.size >= MAX_COMPONENTS) continue;
    declared.add(name);
    contain(
      () => captures?.declared(name),
      () => {},
    );
  }
}

/** Returns the names declared so far. */
export function declaredComponents(): readonly string[] {
  return [...registry().declared];
}

/** Returns the number of names declared so far. */
export function declaredCount(): number {
  return registry().declared.size;
}

/** Connects the registry to the running profiler, or disconnects it. */
export function setComponentCaptures(captures: ComponentCaptures | undefined): void {
  const state = registry();
  state.captures = captures;
  if (!captures) return;
  for (const [component, references] of state.wrapped) {
    for (const reference of references) {
      const work = reference.deref();
      if (work) captures.wrapped({ component, work });
    }
  }
}

/**
 * Wraps a function that is a component's work. If the component is traced, a memray capture is written from the
 * call until the function returns or throws, the promise that it returns settles, or the process ends. It contains what
 * is allocated below the function and by what the function has started, or the whole process (see the option
 * `captureScope`). Otherwise the call costs nothing. Overlapping calls share one capture.
 *
 * Traced or not, memory allocated on stacks through the function is labelled with the component.
 *
 * @param work a function of any kind, or a class. The body of a generator runs after the call and so after
 *   the capture; wrap the code that iterates over it. The same applies to a query that runs when it is
 *   awaited.
 * @param options see {@link ProfileComponentOptions}
 * @returns a stand-in for `work`, with its parameters, `this`, errors, name, length and properties. It
 *   returns the very value that `work` returns.
 * @throws ConfigError when the name is not valid for a component, TypeError when `work` is not a function
 */
export function profileComponent<Work extends ComponentWork>(
  name: string,
  work: Work,
  options?: ProfileComponentOptions | undefined,
): Work {
  if (typeof work !== 'function') throw new SafeTypeError('profileComponent: work must be a function');
  defineComponents([name]);
  remember(name, work);
  // Code without types may pass null.
  const isExact = options?.exact === true;
  const wrapper: Work = new SafeProxy(work, {
    apply: (target, self: unknown, args: unknown[]) => {
      const run = () => ReflectApply(callable(target), self, args);
      const end = begin(name, isExact);
      return end ? runTraced(name, run, end) : run();
    },
    construct: (target, args: unknown[], newTarget) => {
      const constructed = newTarget === wrapper ? target : newTarget;
      const make = () => ReflectConstruct(callable(target), args, constructed) as object;
      const end = begin(name, isExact);
      return end ? runTraced(name, make, end) : make();
    },
    // Use the target as receiver: an accessor of a class may use private members, which the stand-in does not
    // have.
    get: (target, key, receiver) => ReflectGet(target, key, receiver === wrapper ? target : receiver),
    set: (target, key, value, receiver) =>
      ReflectSet(target, key, value, receiver === wrapper ? target : receiver),
  });
  return wrapper;
}

type Callable = (...args: unknown[]) => unknown;
const callable = (work: ComponentWork) => work as unknown as Callable;

function remember(component: string, work: ComponentWork): void {
  contain(
    () => {
      const { wrapped, captures } = registry();
      const known = wrapped.get(component) ?? [];
      const alive = known.length < MAX_WRAPPED ? known : known.filter((one) => one.deref() !== undefined);
      if (alive.length >= MAX_WRAPPED || (known.length === 0 && wrapped.size >= MAX_COMPONENTS)) return;
      alive[alive.length] = new SafeWeakRef(work);
      wrapped.set(component, alive);
      captures?.wrapped({ component, work });
    },
    () => {},
  );
}

/** Begins a capture; undefined if the component is not traced. */
function begin(name: string, isExact: boolean): (() => void) | undefined {
  return contain(
    () => registry().captures?.begin(name, isExact),
    () => {},
  );
}

function runTraced<T>(name: string, work: () => T, end: () => void): T {
  const endAnyway = () => void contain(end, () => {});
  const captures = contain(
    () => registry().captures,
    () => {},
  );
  let result: T;
  try {
    result = captures?.run ? captures.run(name, work) : work();
  } catch (error) {
    endAnyway();
    throw error;
  }
  contain(() => (types.isPromise(result) ? whenSettled(result, end) : end()), endAnyway);
  return result;
}
