// Replaces parts of the language and Node, works for a while without using them, and exits with 7. Any
// failure then is the profiler's. The first argument selects what is changed, see CHANGES.
import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import process from 'node:process';
import timers from 'node:timers';
import { MessagePort } from 'node:worker_threads';

const { setTimeout, clearTimeout, setInterval, clearInterval } = timers;
const end = Number(process.env.WORK_MILLIS ?? 2500);
const component = process.env.COMPONENT;
const { profileComponent } = component ? await import('../../dist/index.js') : {};
const real = globalThis;
const realEnv = process.env;

const { ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;

/** Replaces every own method of an object. */
function poison(object, except = '') {
  const keys = ownKeys(object);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const { value, configurable } = getOwnPropertyDescriptor(object, key);
    if (typeof value !== 'function' || key === 'constructor' || key === except || !configurable) continue;
    const poisoned = function poisoned() {
      throw typeof key === 'string' ? `${key} is poisoned` : 'a method is poisoned';
    };
    defineProperty(object, key, { value: poisoned, configurable: true, writable: true });
  }
}

function poisonGlobals(...names) {
  for (const name of names) {
    real[name] = class Poisoned {
      constructor() {
        throw `${name} is poisoned`;
      }
    };
  }
}

const CHANGES = {
  nothing() {},
  'timers that return numbers'() {
    const ids = [];
    for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
      const set = real[name];
      real[name] = (...args) => {
        ids[ids.length] = set(...args);
        return ids.length;
      };
    }
    real.clearTimeout = real.clearInterval = real.clearImmediate = (id) => clearTimeout(ids[id - 1]);
  },
  'no timers'() {
    for (const name of [
      'setTimeout',
      'setInterval',
      'setImmediate',
      'clearTimeout',
      'clearInterval',
      'queueMicrotask',
    ]) {
      real[name] = undefined;
      if (name in timers) timers[name] = undefined;
    }
  },
  'timers that never ring'() {
    for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
      real[name] = () => ({});
    process.nextTick = () => {};
  },
  'no performance'() {
    real.performance = undefined;
  },
  'a performance that stands still'() {
    performance.now = () => 0;
  },
  'no process'() {
    real.process = undefined;
  },
  'poisoned process'() {
    const poisoned = () => {
      throw 'process is poisoned';
    };
    const names = ['on', 'once', 'off', 'addListener', 'prependListener', 'removeListener', 'listenerCount'];
    names.push(
      'rawListeners',
      'kill',
      'cwd',
      'memoryUsage',
      'hrtime',
      'uptime',
      'cpuUsage',
      'constrainedMemory',
    );
    for (const name of [...names, 'getBuiltinModule', 'emitWarning', 'exit', 'abort', 'send'])
      process[name] = poisoned;
    Object.defineProperty(process, 'argv', { get: poisoned });
    Object.defineProperty(process, 'pid', { get: poisoned });
  },
  'poisoned process.nextTick'() {
    process.nextTick = () => {
      throw 'nextTick is poisoned';
    };
    real.queueMicrotask = process.nextTick;
  },
  'poisoned standard error'() {
    const poisoned = () => {
      throw 'stderr is poisoned';
    };
    Object.defineProperty(process, 'stderr', { get: poisoned, configurable: true });
    real.console = { error: poisoned, warn: poisoned, log: poisoned };
  },
  'an environment that throws'() {
    const poisoned = () => {
      throw 'env is poisoned';
    };
    process.env = new Proxy(realEnv, { get: poisoned, ownKeys: poisoned, has: poisoned });
  },
  'poisoned classes'() {
    const names = [
      'Map',
      'Set',
      'WeakMap',
      'WeakSet',
      'WeakRef',
      'Promise',
      'Proxy',
      'RegExp',
      'Error',
      'TypeError',
    ];
    poisonGlobals(
      ...names,
      'URL',
      'Int32Array',
      'SharedArrayBuffer',
      'FinalizationRegistry',
      'MessageChannel',
      'Worker',
    );
  },
  'poisoned functions'() {
    const objects = [Object, Array, Number, String, Reflect, Math, JSON, Atomics, Promise, Symbol, Date];
    for (let i = 0; i < objects.length; i++) poison(objects[i]);
  },
  'poisoned Map and Set'() {
    for (const { prototype } of [Map, Set, WeakMap, WeakRef, FinalizationRegistry]) poison(prototype);
  },
  'poisoned Promise'() {
    poison(Promise.prototype);
  },
  'poisoned Array'() {
    const { prototype } = Array;
    const names = [
      'at',
      'concat',
      'entries',
      'every',
      'filter',
      'find',
      'findLast',
      'flat',
      'flatMap',
      'forEach',
      'indexOf',
    ];
    names.push('join', 'keys', 'map', 'reduce', 'reverse', 'slice', 'some', 'sort', 'splice', 'values');
    for (let i = 0; i < names.length; i++) {
      prototype[names[i]] = () => {
        throw 'Array is poisoned';
      };
    }
    prototype.push = prototype.unshift = prototype.map;
  },
  // If array iterators throw, so does Node's own PerformanceObserver, with or without heapray's.
  'another iterator of Array'() {
    Array.prototype[Symbol.iterator] = function* iterate() {
      for (let i = 0; i < this.length; i++) yield this[i];
    };
  },
  'poisoned String'() {
    poison(String.prototype);
  },
  'poisoned RegExp'() {
    poison(RegExp.prototype);
  },
  'poisoned Function'() {
    poison(Function.prototype);
  },
  'poisoned Object'() {
    poison(Object.prototype);
  },
  'a polluted Object'() {
    for (const key of ['type', 'name', 'request', 'log', 'reason', 'level', 'text', 'view']) {
      Object.defineProperty(Object.prototype, key, {
        get() {
          throw `${key} is polluted`;
        },
        set() {
          throw `${key} is polluted`;
        },
        configurable: true,
      });
    }
  },
  'poisoned Number'() {
    poison(Number.prototype);
    poison(BigInt.prototype);
    poison(Symbol.prototype);
  },
  'poisoned typed arrays'() {
    poison(Object.getPrototypeOf(Uint8Array.prototype));
    poison(Object.getPrototypeOf(Uint8Array));
  },
  'poisoned emitters'() {
    poison(EventEmitter.prototype, 'emit');
  },
  'poisoned ports'() {
    poison(MessagePort.prototype);
    real.postMessage = () => {
      throw 'postMessage is poisoned';
    };
  },
  'stack traces that throw'() {
    Error.prepareStackTrace = () => {
      throw 'prepareStackTrace is poisoned';
    };
    Error.captureStackTrace = Error.prepareStackTrace;
    Error.stackTraceLimit = Number.POSITIVE_INFINITY;
  },
  'a frozen global object'() {
    Object.preventExtensions(real);
  },
  'a global object that inherits from a Proxy'() {
    const poisoned = () => {
      throw 'the global object is poisoned';
    };
    Object.setPrototypeOf(
      Object.getPrototypeOf(real),
      new Proxy({}, { get: poisoned, has: poisoned, set: poisoned }),
    );
  },
  'frozen intrinsics'() {
    for (const value of [Object, Array, Map, Set, Promise, Function, String, Number, Error, Symbol, RegExp]) {
      Object.freeze(value);
      Object.freeze(value.prototype);
    }
  },
};

const change = CHANGES[process.argv[2]];
const kept = [];
let made = 0;
const allocate = () => {
  for (let i = 0; i < 30; i++) kept[kept.length] = { made: made++, rows: [made, made, made] };
  if (kept.length > 20_000) kept.length = 0;
};
// Only syntax from here on, no built-in methods.
const work = component ? profileComponent(component, () => allocate()) : allocate;
const later = component ? profileComponent(component, async () => allocate()) : async () => allocate();
if (process.argv[2] === 'list') {
  writeSync(1, JSON.stringify(Object.keys(CHANGES)));
} else {
  const timer = setInterval(() => {
    work();
    later();
  }, 10);
  setTimeout(() => {
    clearInterval(timer);
    writeSync(1, 'done\n');
    process.exitCode = 7;
  }, end);
  // Runs after Node has finished the start of the program.
  setTimeout(change, 0);
}
