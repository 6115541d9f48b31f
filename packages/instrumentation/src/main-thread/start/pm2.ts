import { JSONParse, ObjectEntries, ObjectHasOwn, process } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';
import { environment } from '../containment/environment.js';

/**
 * Matches the files of PM2 that run an application in their own process, in cluster mode and in fork mode.
 */
const CONTAINER = /[\\/]ProcessContainer(?:Fork)?\.js$/;

/**
 * Returns a copy of the environment as the program will see it. In PM2's cluster mode, the settings of the
 * ecosystem file arrive as JSON in `pm2_env`, and PM2 applies them only after preloads have run.
 */
export function programEnvironment(): Record<string, string> {
  const env = environment();
  const settings = contain(() => JSONParse(env.pm2_env ?? '{}') as unknown, ignore);
  if (typeof settings !== 'object' || settings === null || !ObjectHasOwn(settings, 'pm_exec_path'))
    return env;
  const entries = ObjectEntries(settings as Record<string, unknown>);
  for (let at = 0; at < entries.length; at++) {
    const [key, value] = entries[at]!;
    // Skip other types: they would become useless text such as "[object Object]".
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      env[key] = `${value}`;
  }
  return env;
}

/** Returns PM2's name for the program; undefined for other programs, including children of a PM2 program. */
export function pm2AppName(env: Readonly<Record<string, string>>): string | undefined {
  const { name, pm_exec_path: script } = env;
  if (name === undefined || script === undefined) return undefined;
  const main = process.argv[1] ?? '';
  return main === script || CONTAINER.test(main) ? name : undefined;
}

function ignore(): void {}
