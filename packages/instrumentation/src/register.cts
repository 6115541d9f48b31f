// What `--require` and `require()` of `@heapray/instrumentation/register` get. A Node that cannot require ES modules
// imports it and goes on; without this file the program would not start.
const REQUIRED = Symbol.for('heapray.required');
try {
  Reflect.set(process, REQUIRED, true);
  require('./register.js');
} catch {
  requireAsNodeDoes();
} finally {
  Reflect.deleteProperty(process, REQUIRED);
}

/** Test runners with a `require` of their own, as Jest has, load no ES modules: the process's own context has Node's. */
function requireAsNodeDoes(): void {
  const { process: own }: typeof globalThis = require('node:vm').runInThisContext('globalThis');
  try {
    Reflect.set(own, REQUIRED, true);
    own.getBuiltinModule('node:module').createRequire(__filename)('./register.js');
  } catch {
    import('./register.js').catch(say);
  } finally {
    Reflect.deleteProperty(own, REQUIRED);
  }
}

function say(thrown: unknown): void {
  try {
    const fs: typeof import('node:fs') = require('node:fs');
    const [why] = `${(thrown as Error).message}`.split('\n', 1);
    fs.writeSync(2, `heapray: error: cannot start, memory is not profiled: ${why}\n`);
  } catch {
    // Nobody reads it.
  }
}
