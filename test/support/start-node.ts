// Starts Node programs that run until they are stopped: services under test, with everything they print.
import { type ChildProcess, spawn } from 'node:child_process';
import { childEnv } from './child-env.js';
import { atEnd } from './cleanup.js';
import { PATIENCE_MILLIS } from './patience.js';
import { pollUntil } from './poll.js';

export interface StartOptions {
  /** The binary; default: the Node that runs the tests. */
  node?: string;
  args: readonly string[];
  /** Variables added to the inherited ones; `undefined` removes one. */
  env?: Record<string, string | undefined>;
  cwd?: string;
}

export interface ProcessEnd {
  status: number | null;
  signal: NodeJS.Signals | null;
}

export interface WaitOptions {
  timeoutMillis?: number;
}

/** Processes that are still running, to be killed before the test worker ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a Node program; it is killed at the end of the test at the latest. */
export function startNode({ node = process.execPath, ...options }: StartOptions): RunningProcess {
  return startProcess(node, options);
}

/** Starts any program that runs until it is stopped. */
export function startProcess(
  command: string,
  { args, env, cwd }: Omit<StartOptions, 'node'>,
): RunningProcess {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnv(env),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const started = new RunningProcess(child, `${command} ${args.join(' ')}`);
  atEnd(() => started.kill());
  return started;
}

export class RunningProcess {
  /** Everything printed so far. */
  stdout = '';
  stderr = '';
  /** Resolves when the process has ended and all its output was read. */
  readonly ended: Promise<ProcessEnd>;
  end: ProcessEnd | undefined;
  readonly #child: ChildProcess;
  readonly #title: string;

  constructor(child: ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = this.#watch();
  }

  get pid(): number {
    if (this.#child.pid === undefined)
      throw new Error(`could not be started: ${this.#title}\n${this.stderr}`);
    return this.#child.pid;
  }

  /** Waits until the output (stdout and then stderr, as one text) matches. */
  async waitForOutput(
    pattern: RegExp,
    { timeoutMillis = PATIENCE_MILLIS }: WaitOptions = {},
  ): Promise<RegExpExecArray> {
    const what = `${pattern} from ${this.#title}`;
    const result = await pollUntil(() => this.#matchOrEnd(pattern), {
      what,
      timeoutMillis,
      everyMillis: 10,
    }).catch((error: Error) => Promise.reject(new Error(`${error.message}\n${this.#printed()}`)));
    if (result !== 'ended') return result;
    throw new Error(`ended (${this.#howEnded()}) before it printed ${what}\n${this.#printed()}`);
  }

  /** Sends the signal and waits for the end; kills the process and throws if it does not end. */
  async stop(
    signal: NodeJS.Signals = 'SIGTERM',
    { timeoutMillis = PATIENCE_MILLIS }: WaitOptions = {},
  ): Promise<ProcessEnd> {
    this.#child.kill(signal);
    const what = `the end of ${this.#title} after ${signal}`;
    return pollUntil(() => this.end, { what, timeoutMillis, everyMillis: 10 }).catch(async (error: Error) => {
      await this.kill();
      throw new Error(`${error.message}\n${this.#printed()}`);
    });
  }

  /** Kills the process. */
  async kill(): Promise<void> {
    if (this.end === undefined) this.#child.kill('SIGKILL');
    await this.ended;
  }

  #watch(): Promise<ProcessEnd> {
    return new Promise((resolve) => {
      const finish = (end: ProcessEnd) => {
        running.delete(this.#child);
        this.end = end;
        resolve(end);
      };
      this.#child.once('error', (error) => {
        this.stderr += error.message;
        if (this.#child.pid === undefined) finish({ status: null, signal: null });
      });
      this.#child.once('close', (status, signal) => finish({ status, signal }));
    });
  }

  #matchOrEnd(pattern: RegExp): RegExpExecArray | 'ended' | undefined {
    const match = pattern.exec(`${this.stdout}\n${this.stderr}`);
    return match ?? (this.end === undefined ? undefined : 'ended');
  }

  #howEnded(): string {
    return this.end?.signal ?? `status ${this.end?.status}`;
  }

  #printed(): string {
    return `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}
