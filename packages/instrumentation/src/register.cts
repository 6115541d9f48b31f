// Entry point of `--require` and `require()` of `@heapray/instrumentation/register`. If Node cannot require
// ES modules, imports the module and continues; without this file the program would not start.
const REQUIRED = Symbol.for('heapray.required');
try {
  Reflect.set(process, REQUIRED, true);
  require('./register.js');
} catch {
  requireAsNodeDoes();
} finally {
  Reflect.deleteProperty(process, REQUIRED);
}

/**
 * Requires through the process's own context. Test runners that replace `require`, like Jest, cannot load ES
 * modules.
 */
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
    // Ignore a closed stderr.
  }
}
