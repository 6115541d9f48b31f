import { types } from 'node:util';
import { checkComponentNames } from './config/index.js';
import { contain } from './containment/contain.js';
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
} from './containment/primordials.js';
import { processState } from './containment/process-state.js';
import { whenSettled } from './host/when-settled.js';

/** What can be a component's work: a function of any kind, or a class. */
export type ComponentWork =
  | ((this: never, ...args: never[]) => unknown)
  | (abstract new (
      ...args: never[]
    ) => unknown);

/**
 * The named parts of a program that can be traced, as Airflow traces its scheduler or its API server. The
 * registry is one for the process, even when two copies of this package are loaded.
 */
interface Registry {
  readonly declared: SafeSet<string>;
  /** By component. Held weakly: a program that wraps anew for each request must not be kept in memory by that. */
  readonly wrapped: SafeMap<string, SafeWeakRef<ComponentWork>[]>;
  /** Set while a profiler runs. */
  captures: ComponentCaptures | undefined;
}

/** A function that is a component's work. */
export interface WrappedFunction {
  readonly component: string;
  readonly work: ComponentWork;
}

/** What a running profiler offers to components. Nothing of it throws. */
export interface ComponentCaptures {
  /** Told of the functions that are wrapped, those from before it was connected first. */
  wrapped(wrapped: WrappedFunction): void;
  /** Told of every newly declared name. */
  declared(name: string): void;
  /** Begins a capture and returns what ends it; undefined when the component is not traced. */
  begin(name: string): (() => void) | undefined;
}

/** Components that are remembered; a program that declares more names has made them up at run time. */
const MAX_COMPONENTS = 1000;
/** Wrapped functions of a component whose stacks are labelled. */
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
 * Declares the components of this program, so that `traceComponents` may name them. The first 1000 are remembered.
 *
 * @throws ConfigError when one of the names cannot be a component's; then none of them is declared
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

/** The names declared so far. */
export function declaredComponents(): readonly string[] {
  return [...registry().declared];
}

/** How many names are declared so far. */
export function declaredCount(): number {
  return registry().declared.size;
}

/** Connects the registry to the running profiler, or to none. */
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
 * Wraps a function that is a component's work. If the component is traced, a memray capture of the whole
 * process is written from its call until it returns, throws, or the promise settles that it returns, or the
 * process ends; otherwise the call costs nothing. Calls that overlap share one capture.
 *
 * Traced or not, memory allocated on stacks through the function is labelled with the component.
 *
 * @param work a function of any kind, or a class. A generator's body runs after the call, and so after the capture;
 *   wrap what iterates over it. So does a query that runs when it is awaited.
 * @returns a stand-in for `work`, with its parameters, `this`, errors, name, length and properties. What it returns is
 *   the very thing that `work` returns.
 * @throws ConfigError when the name cannot be a component's, TypeError when `work` is no function
 */
export function profileComponent<Work extends ComponentWork>(name: string, work: Work): Work {
  if (typeof work !== 'function') throw new SafeTypeError('profileComponent: work must be a function');
  defineComponents([name]);
  remember(name, work);
  const wrapper: Work = new SafeProxy(work, {
    apply: (target, self: unknown, args: unknown[]) => {
      const run = () => ReflectApply(callable(target), self, args);
      const end = begin(name);
      return end ? runTraced(run, end) : run();
    },
    construct: (target, args: unknown[], newTarget) => {
      const constructed = newTarget === wrapper ? target : newTarget;
      const make = () => ReflectConstruct(callable(target), args, constructed) as object;
      const end = begin(name);
      return end ? runTraced(make, end) : make();
    },
    // An accessor of a class may look at private members, which the stand-in does not have.
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

/** Begins a capture; undefined when the component is not traced. */
function begin(name: string): (() => void) | undefined {
  return contain(
    () => registry().captures?.begin(name),
    () => {},
  );
}

function runTraced<T>(work: () => T, end: () => void): T {
  const endAnyway = () => void contain(end, () => {});
  let result: T;
  try {
    result = work();
  } catch (error) {
    endAnyway();
    throw error;
  }
  contain(() => (types.isPromise(result) ? whenSettled(result, end) : end()), endAnyway);
  return result;
}
