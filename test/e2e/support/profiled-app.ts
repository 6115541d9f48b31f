// Starts apps under heapray, and reads their endpoints and the folder of their captures.
import path from 'node:path';
import { httpGet } from '../../support/http-get.js';
import { type NodeLine, nodeBinary } from '../../support/peers.js';
import { pollUntil } from '../../support/poll.js';
import type { ProjectName } from '../../support/projects.js';
import { type CommandResult, runCommand } from '../../support/run-command.js';
import { type ProcessEnd, type RunningProcess, startProcess } from '../../support/start-node.js';
import { appFolder } from './app-folder.js';
import { MetricsPage } from './metrics-page.js';

export interface AppOptions {
  /** The app's file and its arguments. */
  app: readonly string[];
  line?: NodeLine;
  project?: ProjectName;
  /** Leaves out the optional @datadog/pprof. */
  omitOptional?: boolean;
  /** A folder made by `appFolder` to run in, instead of a new one. */
  folder?: string;
  /** Node's own options. */
  nodeArgs?: readonly string[];
  env?: Record<string, string | undefined>;
  /** A command that runs the command after it. */
  prefix?: readonly string[];
  /** Preloads heapray; otherwise the app starts it, or runs without it. */
  register?: boolean;
}

/** Pause between two requests for a metrics page: each takes some milliseconds of the processor. */
const PAGE_MILLIS = 200;
const REGISTER = ['--import', '@heapray/instrumentation/register'];
const ANY_PORT = { HEAPRAY_DEBUG_ADDR: '127.0.0.1:0', OTEL_EXPORTER_PROMETHEUS_PORT: '0' };

/** Starts an app that runs until it is stopped. Its servers listen on free ports. */
export function startApp(options: AppOptions): RunningApp {
  const { command, args, cwd, env } = appCommand(options);
  return new RunningApp(startProcess(command, { args, cwd, env }), cwd);
}

/** Runs an app that ends by itself. */
export async function runApp(options: AppOptions): Promise<CommandResult> {
  const { command, args, cwd, env } = appCommand(options);
  return runCommand(command, args, { cwd, env });
}

/**
 * Runs `ending.js` to its end, which begins when its capture has begun, or was given up, and heapray has started. An end at once
 * would leave no capture on a busy machine.
 */
export async function runTracedApp(options: AppOptions): Promise<CommandResult> {
  const app = startApp({ ...options, env: { ...options.env, END_AFTER: 'SIGUSR2' } });
  await app.waitForLog(/^worked$/m);
  await app.waitForLog(/profiling memory of component|capture of .* given up/);
  // The thread has started all, so that it can write the end of the capture at once.
  await app.waitForLog(/metrics on http/);
  process.kill(app.process.pid, 'SIGUSR2');
  const end = await app.process.ended;
  return { ...end, stdout: app.process.stdout, stderr: app.process.stderr };
}

/** Returns the command that runs an app. */
export function appCommand(options: AppOptions) {
  const { line = '24', nodeArgs = [], register = true, app, env } = options;
  const { project = 'bare', omitOptional = false, prefix = [] } = options;
  const [command = '', ...args] = [
    ...prefix,
    nodeBinary(line),
    ...nodeArgs,
    ...(register ? REGISTER : []),
    ...app,
  ];
  return {
    command,
    args,
    cwd: options.folder ?? appFolder(project, { omitOptional }),
    env: { ...ANY_PORT, ...env },
  };
}

export class RunningApp {
  readonly process: RunningProcess;
  readonly folder: string;

  constructor(process: RunningProcess, folder: string) {
    this.process = process;
    this.folder = folder;
  }

  /** The default folder of captures. */
  get home(): string {
    return path.join(this.folder, 'heapray');
  }

  /** Returns `http://host:port` of the debug server, according to the log. */
  async debugUrl(): Promise<string> {
    const [, url] = await this.process.waitForOutput(/memory profiles on (http:\S+)\/debug\/pprof\//);
    return url ?? '';
  }

  /** Returns the address of the metrics page, according to the log. */
  async metricsUrl(): Promise<string> {
    const [, url] = await this.process.waitForOutput(/metrics on (http:\S+)\n/);
    return url ?? '';
  }

  /** Returns the metrics page, once the profiler thread has answered; earlier pages lack its values. */
  async metrics(): Promise<MetricsPage> {
    const url = await this.metricsUrl();
    const check = async () => {
      const page = new MetricsPage((await httpGet(url)).body);
      return page.find('heapray_profiler_samples_total').length > 0 && page;
    };
    return pollUntil(check, { what: 'a metrics page of the profiler thread' });
  }

  /** Reads the metrics page until it fulfils the condition, and returns it. */
  async waitForMetrics(what: string, isThere: (page: MetricsPage) => boolean): Promise<MetricsPage> {
    const check = async () => {
      const page = await this.metrics();
      return isThere(page) ? page : undefined;
    };
    return pollUntil(check, { what: `${what} on the metrics page`, everyMillis: PAGE_MILLIS });
  }

  async waitForLog(pattern: RegExp): Promise<RegExpExecArray> {
    return this.process.waitForOutput(pattern);
  }

  /** Waits for an app that ends by itself. */
  async end(): Promise<ProcessEnd> {
    return pollUntil(() => this.process.end, { what: 'the end of the app' });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessEnd> {
    return this.process.stop(signal);
  }
}
