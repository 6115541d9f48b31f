import path from 'node:path';
import { SafeMap, SafeSet } from '../../protocol/primordials.js';

/**
 * Role of a process, from how it came to load heapray:
 *
 * - `program`: profiled from its first statement
 * - `launcher`: not profiled, because it only starts other programs and would take the ports of the one that
 *   matters
 * - `tool`: an installed package that may be either; its behaviour decides, see {@link watchTool}
 */
export type Role = 'program' | 'launcher' | 'tool';

export interface ProcessStart {
  /**
   * Path of the main script, symbolic links resolved; undefined for code from the command line or standard
   * input.
   */
  readonly mainScript: string | undefined;
  /** Arguments after the main script. */
  readonly args: readonly string[];
  /** True if heapray was loaded only by an inherited `NODE_OPTIONS`, not on request for this process. */
  readonly isInherited: boolean;
}

/** Matches package managers and launchers that may be outside `node_modules`, by file name. */
const LAUNCHER_FILE =
  /^(?:(?:npm|npx)(?:-cli)?|(?:yarn|yarnpkg|pnpm|pnpx|corepack)(?:-[\d.]+)?|nodemon|tsx|cross-env|concurrently)(?:\.[cm]?js|\.cmd|\.exe|\.ps1)?$/;

/** Packages whose processes only start others. */
const LAUNCHERS: ReadonlySet<string> = names(
  // Package managers.
  'npm npx yarn @yarnpkg/cli @yarnpkg/cli-dist pnpm @pnpm/exe cnpm corepack @antfu/ni',
  // Set variables, and start one program.
  'cross-env cross-env-shell env-cmd dotenv-cli @dotenvx/dotenvx per-env cross-var run-script-os better-npm-run',
  // Start several.
  'concurrently npm-run-all npm-run-all2 wireit nx turbo lerna @lerna-lite/cli @microsoft/rush @rushstack/heft',
  '@moonrepo/cli foreman start-server-and-test ultra-runner',
  // Start one and restart it.
  'nodemon tsx ts-node-dev tsc-watch node-dev supervisor onchange chokidar-cli pm2 forever forever-monitor',
  '@nestjs/cli c8 nyc',
);

/** Test runners and their worker processes. To profile tests, preload heapray into the runner itself. */
const TEST_RUNNERS: ReadonlySet<string> = names(
  'jest jest-cli jest-worker vitest tinypool mocha ava tap @tapjs/run jasmine uvu karma cypress playwright',
  '@playwright/test @cucumber/cucumber @wdio/cli testcafe nightwatch @web/test-runner lab @hapi/lab tape zora',
);

/** Matches files of launchers that run the application in their own process. */
const RUNS_IN_PLACE = /[\\/]pm2[\\/]lib[\\/]ProcessContainer(?:Fork)?\.js$/;

/** Packages that run the application in their own process; with a list, only for these commands. */
const RUNNERS: ReadonlyMap<string, readonly string[] | undefined> = new SafeMap([
  ['next', ['start']],
  ['ts-node', undefined],
  ['@remix-run/serve', undefined],
  ['@react-router/serve', undefined],
  ['@strapi/strapi', ['start']],
  ['directus', ['start']],
  ['n8n', ['start']],
  ['node-red', undefined],
  ['verdaccio', undefined],
  ['fastify-cli', ['start']],
  ['@google-cloud/functions-framework', undefined],
  ['aws-lambda-ric', undefined],
  ['@redwoodjs/api-server', undefined],
  ['@redwoodjs/web-server', undefined],
  ['moleculer', undefined],
  ['probot', ['run']],
  ['graphile-worker', undefined],
  ['postgraphile', undefined],
  ['json-server', undefined],
  ['http-server', undefined],
  ['serve', undefined],
  ['vite-node', undefined],
  ['jiti', undefined],
]);

/** Returns the role of a process by its main script. */
export function roleOf({ mainScript, args, isInherited }: ProcessStart): Role {
  if (isLauncher(mainScript)) return 'launcher';
  const name = packageOf(mainScript);
  if (!isInherited || name === undefined || RUNS_IN_PLACE.test(mainScript ?? '')) return 'program';
  if (TEST_RUNNERS.has(name)) return 'launcher';
  return runsApplication(name, args) ? 'program' : 'tool';
}

/** Returns true if a Node process with this main script is known to only start others. */
export function isLauncher(mainScript: string | undefined): boolean {
  if (mainScript === undefined || RUNS_IN_PLACE.test(mainScript)) return false;
  const name = packageOf(mainScript);
  return name === undefined ? LAUNCHER_FILE.test(path.win32.basename(mainScript)) : LAUNCHERS.has(name);
}

/**
 * Returns the installed package that a file belongs to: the name after the last `node_modules`. Works for
 * global packages and the layouts of npm, pnpm and Yarn (also inside its archives). Undefined for a project's
 * own files.
 *
 * @returns for a broken link in `.bin`, the name of the command
 */
export function packageOf(file: string | undefined): string | undefined {
  const inside = /^.*[\\/]node_modules[\\/](?:\.bin[\\/])?(.+)$/s.exec(file ?? '')?.[1];
  if (inside === undefined) return undefined;
  const [first = '', second = ''] = inside.split(/[\\/]/);
  if (first.startsWith('@')) return second === '' ? undefined : `${first}/${second}`;
  return first;
}

/**
 * Returns true if a package runs the application. `ts-node --esm` does not: it starts another process for
 * that.
 */
function runsApplication(name: string, args: readonly string[]): boolean {
  if (name === 'ts-node' && args.includes('--esm')) return false;
  if (!RUNNERS.has(name)) return false;
  const commands = RUNNERS.get(name);
  return commands === undefined || commands.includes(args.find((one) => !one.startsWith('-')) ?? '');
}

function names(...lines: readonly string[]): ReadonlySet<string> {
  return new SafeSet(lines.join(' ').split(' '));
}
