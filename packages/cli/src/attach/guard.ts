/** Number of seconds without a sign of life after which a user of the inspector counts as gone. */
const LEASE_SECONDS = 5;
/** Times after the last user has left at which the guard tries to close the inspector, in ms. Later it tries each second. */
const CLOSE_MILLIS = [100, 300, 600];
const KEY = "Symbol.for('heapray.attach.1')";
/** Name of the functions that are evaluated in the target, so that profiles can leave them out. */
export const OWN_FUNCTION = 'heaprayAttach';

/**
 * Returns code that registers a user of the inspector in the target, and a guard that closes the inspector once all
 * users are gone, also if they were killed. The code evaluates to false if the inspector was opened by others, who then
 * close it themselves.
 *
 * The guard counts its own ticks, not time: while the main thread is busy, such as during a heap snapshot, no users end.
 * It waits until no client is connected, because closing the inspector would block the main thread until then. What fails in
 * its callbacks stays there, because the target would end of it.
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
      const inspector = builtin('node:inspector');
      const { readFile } = builtin('node:fs');
      const contained = (work) => (...args) => {
        try {
          work(...args);
        } catch {
          isLooking = false;
        }
      };
      let isLooking = false;
      const look = (found, [file, ...more]) => {
        const port = Number(/:(\\d+)\\//.exec(inspector.url() ?? '')?.[1]).toString(16).toUpperCase().padStart(4, '0');
        const connected = new RegExp(': [0-9A-F]+:' + port + ' [0-9A-F]+:[0-9A-F]+ 01 ');
        readFile('/proc/self/net/' + file, 'latin1', contained((error, text = '') => {
          if (connected.test(text)) found(true);
          else if (more.length === 0) found(false);
          else look(found, more);
        }));
      };
      const close = contained(() => {
        if (isLooking || users.size > 0 || globalThis[key] !== guard) return;
        isLooking = true;
        look((isConnected) => {
          isLooking = false;
          if (isConnected || users.size > 0) return;
          inspector.close();
          clearInterval(timer);
          delete globalThis[key];
        }, ['tcp', 'tcp6']);
      });
      const timer = setInterval(contained(() => {
        for (const [user, left] of users) {
          if (left > 1) users.set(user, left - 1);
          else users.delete(user);
        }
        close();
      }), 1000);
      timer.unref();
      guard = {
        stay: (user) => void users.set(user, ${LEASE_SECONDS}),
        leave(user) {
          users.delete(user);
          if (users.size === 0) for (const millis of ${JSON.stringify(CLOSE_MILLIS)}) setTimeout(close, millis).unref();
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
