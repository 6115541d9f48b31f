// Runs commands of memray, and scripts that use it. For each version, one process loads memray and forks for each of them,
// because loading takes longer than most commands.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { childEnv } from './child-env.js';
import { type MemrayVersion, memray } from './peers.js';
import type { CommandResult } from './run-command.js';
import { tempFolder } from './temp-folder.js';

const SCRIPT = fileURLToPath(new URL('memray-process.py', import.meta.url));
/** Makes Python print names in all scripts, whatever the locale of this machine, and reports 200 columns wide. */
const ENV = { PYTHONUTF8: '1', COLUMNS: '200' };

/** `command`: arguments of memray. `script`: arguments of Python, either a file or `-c` and code, with their own. */
type Request = { readonly command: readonly string[] } | { readonly script: readonly string[] };

const processes = new Map<MemrayVersion, MemrayProcess>();
afterAll(() => {
  for (const each of processes.values()) each.end();
  processes.clear();
});

/** Runs a command of memray. A failing status does not throw; it is negative if a signal ended the command. */
export function runMemray(version: MemrayVersion, command: readonly string[]): Promise<CommandResult> {
  return processOf(version).run({ command });
}

/** Runs a script on the Python of memray, as {@link runMemray} does: a file, or `-c` and code, and its arguments. */
export function runMemrayScript(version: MemrayVersion, script: readonly string[]): Promise<CommandResult> {
  return processOf(version).run({ script });
}

function processOf(version: MemrayVersion): MemrayProcess {
  const running = processes.get(version) ?? new MemrayProcess(version);
  processes.set(version, running);
  return running;
}

class MemrayProcess {
  readonly #child: ChildProcess;
  readonly #statuses: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(version: MemrayVersion) {
    const python = path.join(path.dirname(memray(version)), 'python');
    const child = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'], env: childEnv(ENV) });
    this.#child = child;
    this.#statuses = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs one request after the other. */
  run(request: Request): Promise<CommandResult> {
    const result = this.#last.then(() => this.#run(request));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Lets the process end, which it does when its input ends. */
  end(): void {
    this.#child.stdin?.end();
  }

  async #run(request: Request): Promise<CommandResult> {
    const folder = tempFolder();
    const [stdout, stderr] = [path.join(folder, 'stdout'), path.join(folder, 'stderr')];
    this.#child.stdin?.write(`${JSON.stringify({ ...request, stdout, stderr })}\n`);
    const { done, value } = await this.#statuses.next();
    if (done) throw new Error(`the process for memray has ended before ${JSON.stringify(request)}`);
    const read = (file: string) => readFileSync(file, 'utf8');
    return { status: Number(value), signal: null, stdout: read(stdout), stderr: read(stderr) };
  }
}
