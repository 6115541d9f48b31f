import { AsyncLocalStorage } from 'node:async_hooks';
import { AsyncStorageGet, AsyncStorageRun } from '../../../protocol/primordials.js';

/** Components whose functions have led to the running code. */
export interface ComponentContext {
  /** Names, the outermost first. */
  readonly components: readonly string[];
  /** The names as one text. */
  readonly key: string;
}

const NONE: ComponentContext = { components: [], key: '' };

/** Keeps the components of running code across `await`, timers and events, as Node's asynchronous contexts do. */
export class ComponentContexts {
  readonly #storage = new AsyncLocalStorage<ComponentContext>();
  #running = 0;

  /** True while a function of a component is on the stack. */
  get isBelowFunction(): boolean {
    return this.#running > 0;
  }

  /** Context of the running code. */
  get present(): ComponentContext {
    return AsyncStorageGet(this.#storage) ?? NONE;
  }

  /** Calls a function of a component, and returns or throws what it does. */
  run<T>(component: string, work: () => T): T {
    const context = within(this.present, component);
    this.#running++;
    try {
      return AsyncStorageRun(this.#storage, context, work);
    } finally {
      this.#running--;
    }
  }
}

function within(outer: ComponentContext, component: string): ComponentContext {
  const components: string[] = [];
  for (let at = 0; at < outer.components.length; at++) {
    const name = outer.components[at]!;
    if (name === component) return outer;
    components[at] = name;
  }
  components[components.length] = component;
  return { components, key: `${outer.key}\n${component}` };
}
