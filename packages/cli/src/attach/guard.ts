/** Number of seconds without a sign of life after which a user of the inspector counts as gone. */
const LEASE_SECONDS = 5;
/** Time that the answer and the end of the connection have before the inspector closes, in ms. */
const CLOSE_MILLIS = 100;
const KEY = "Symbol.for('heapray.attach.1')";
/** Name of the functions that are evaluated in the target, so that profiles can leave them out. */
export const OWN_FUNCTION = 'heaprayAttach';

/**
 * Returns code that registers a user of the inspector in the target, and a guard that closes the inspector once all
 * users are gone, also if they were killed. The code evaluates to false if the inspector was opened by others, who then
 * close it themselves.
 *
 * The guard counts its own ticks, not time: while the main thread is busy, such as during a heap snapshot, no users end.
 *
 * @param opened true if the user has opened the inspector
 */
export function enterCode(user: string, opened: boolean): string {
  return called(`
    const key = ${KEY};
    const builtin = process.getBuiltinModule ?? require;
    const { clearInterval, setInterval, setTimeout } = builtin('node:timers');
    let guard = globalThis[key];
    if (guard === undefined && !${opened}) return false;
    if (guard === undefined) {
      const users = new Map();
      const close = () => {
        if (users.size > 0 || globalThis[key] !== guard) return;
        clearInterval(timer);
        delete globalThis[key];
        builtin('node:inspector').close();
      };
      const timer = setInterval(() => {
        for (const [user, left] of users) {
          if (left > 1) users.set(user, left - 1);
          else users.delete(user);
        }
        close();
      }, 1000);
      timer.unref();
      guard = {
        stay: (user) => void users.set(user, ${LEASE_SECONDS}),
        leave(user) {
          users.delete(user);
          if (users.size === 0) setTimeout(close, ${CLOSE_MILLIS}).unref();
          return users.size === 0;
        },
      };
      Object.defineProperty(globalThis, key, { value: guard, configurable: true });
    }
    guard.stay(${JSON.stringify(user)});
    return true;`);
}

/** Returns code by which a user shows that it is still there. */
export function stayCode(user: string): string {
  return called(`globalThis[${KEY}]?.stay(${JSON.stringify(user)});`);
}

/** Returns code by which a user leaves. It evaluates to true if the inspector closes now. */
export function leaveCode(user: string): string {
  return called(`return globalThis[${KEY}]?.leave(${JSON.stringify(user)}) === true;`);
}

/** Returns code that calls a function with this body and the name {@link OWN_FUNCTION}. */
export function called(body: string): string {
  return `(function ${OWN_FUNCTION}() { ${body} })()`;
}

/** Returns the parameters of `Runtime.evaluate`. Node 20 and older need the command line API, for `require`. */
export function evaluation(expression: string): object {
  return { expression, returnByValue: true, awaitPromise: true, silent: true, includeCommandLineAPI: true };
}
