import { once } from 'node:events';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { attachTo, type Target } from '../attach/attach-to.js';
import { install } from '../attach/install.js';
import { windowText } from '../attach/report.js';
import { type SampledWindow, sampleWindow } from '../attach/sampling/sample-window.js';
import { servePage } from '../attach/serve-page.js';
import { windowFormat, windowPage, writeWindow } from '../attach/write-window.js';
import { messageOf, UsageError } from '../errors.js';
import { setExitStatus } from '../exit-status.js';
import { onEndingSignal } from '../io/ending-signals.js';
import { note } from '../io/note.js';
import { writeStdout } from '../outputs/stdout.js';
import { positiveInteger, processId, rowsOption } from './options.js';

interface AttachOptions {
  readonly seconds: number;
  readonly output?: string;
  readonly ui?: true;
  readonly alloc?: true;
  readonly samplingInterval?: number;
  readonly install?: true;
  readonly rows: number;
}

const FAILED = 1;
const DEFAULT_SECONDS = 30;
const MAX_SECONDS = 86_400;
/** Default mean bytes between two samples, and that of long windows, whose readings would otherwise become large. */
const INTERVAL = 64 * 1024;
const LONG_INTERVAL = 512 * 1024;
const LONG_SECONDS = 60;

export function addAttach(program: Command): void {
  program
    .command('attach')
    .summary('sample the memory of a running Node process')
    .description(
      'Attaches to a running Node process of this machine, which needs no preparation: opens its inspector with ' +
        'SIGUSR1, samples what its main thread allocates, and closes the inspector again. Shows what is in use at the ' +
        'end of what was allocated meanwhile, which functions grow, and after some minutes leak suspects. Linux only.',
    )
    .argument('<pid>', 'ID of the process', processId)
    .addOption(
      new Option('--seconds <count>', 'how long to sample; Ctrl-C ends it early')
        .argParser(seconds)
        .default(DEFAULT_SECONDS),
    )
    .option(
      '-o, --output <file>',
      'write it; the extension is the format: .pb.gz (pprof), .bin (memray), .html (flame graph), .otlp, .json, .folded, .heapprofile',
    )
    .addOption(new Option('--ui', 'serve the flame graph on this machine, until Ctrl-C').conflicts('output'))
    .option('--alloc', 'what is allocated, freed or not, instead of what is in use at the end')
    .option(
      '--sampling-interval <bytes>',
      'mean bytes between two samples (default: 65536; over 60 s 524288)',
      positiveInteger,
    )
    .addOption(
      new Option('--install', 'load @heapray/instrumentation into the process instead, for good').conflicts([
        'output',
        'ui',
        'alloc',
        'samplingInterval',
      ]),
    )
    .addOption(rowsOption(10))
    .action(attach);
}

function seconds(text: string): number {
  const value = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value >= 0.1 && value <= MAX_SECONDS) return value;
  throw new InvalidArgumentError(`Must be a number of seconds from 0.1 to ${MAX_SECONDS}.`);
}

async function attach(pid: number, options: AttachOptions): Promise<void> {
  checkOutput(options);
  const signals = new Signals();
  try {
    const target = await attachTo(pid, { signal: signals.ending });
    let window: SampledWindow | undefined;
    let notClosed: unknown;
    try {
      window = await withinConnection(target, options, signals);
    } finally {
      // The samples are shown in any case.
      await target.detach().catch((error: unknown) => {
        notClosed = error;
        note(messageOf(error));
      });
    }
    signals.ending.throwIfAborted();
    if (window !== undefined) await show(target, window, options);
    if (notClosed !== undefined) setExitStatus(FAILED);
  } catch (error) {
    // The signal ends the process, below.
    if (!signals.ending.aborted) throw error;
  } finally {
    signals.close();
  }
}

function checkOutput({ output, alloc }: AttachOptions): void {
  if (output === undefined) return;
  if (windowFormat(output) === 'memray' && alloc) {
    throw new UsageError(
      'a memray capture of attach holds what is in use: leave out --alloc, or name another format',
    );
  }
}

/** Does what needs the connection. Resolves to undefined if nothing was sampled. */
async function withinConnection(
  target: Target,
  options: AttachOptions,
  signals: Signals,
): Promise<SampledWindow | undefined> {
  if (options.install) {
    const installed = await signals.unlessEnded(install(target));
    if (installed === undefined) return undefined;
    const { file, url } = installed;
    const what = file === undefined ? 'heapray was there already' : `loaded ${file}`;
    note(`process ${target.pid}: ${what}; profiles ${url === undefined ? 'are not served' : `on ${url}`}`);
    return undefined;
  }
  signals.hasBegun = true;
  const interval = options.samplingInterval ?? (options.seconds > LONG_SECONDS ? LONG_INTERVAL : INTERVAL);
  note(`sampling process ${target.pid} for ${options.seconds} s: ${target.command}`);
  // The last reading is not needed if this process is to end.
  return signals.unlessEnded(
    sampleWindow(target, {
      seconds: options.seconds,
      interval,
      all: options.alloc === true,
      signal: signals.early,
    }),
  );
}

async function show(
  target: Target,
  window: SampledWindow,
  { output, ui, rows }: AttachOptions,
): Promise<void> {
  if (window.hasExited) note(`process ${target.pid} has exited`);
  await writeStdout(windowText(target, window, rows));
  if (output !== undefined) {
    await writeWindow(output, window);
    note(`${output} written`);
  }
  if (ui) await serve(target, window);
}

async function serve(target: Target, window: SampledWindow): Promise<void> {
  const page = await servePage(windowPage(window, `process ${target.pid}`));
  const stop = new AbortController();
  const forget = onEndingSignal(() => stop.abort());
  note(`flame graph on ${page.url}, until Ctrl-C`);
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  forget();
  page.close();
}

/**
 * Signals to this process: the first SIGINT ends a window that has begun, so that its result is shown. Other signals, and
 * a second one, end the process after the inspector was closed.
 */
class Signals {
  /** True once there is a window to end. */
  hasBegun = false;
  readonly #early = new AbortController();
  readonly #ending = new AbortController();
  readonly #forget: () => void;
  #last: NodeJS.Signals | undefined;
  readonly #ended: Promise<void>;

  constructor() {
    this.#ended = new Promise((resolve) => {
      this.#ending.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#forget = onEndingSignal((signal) => {
      const isFirst = signal === 'SIGINT' && this.hasBegun && !this.#early.signal.aborted;
      this.#early.abort();
      if (isFirst) return;
      this.#last = signal;
      this.#ending.abort();
    });
  }

  get early(): AbortSignal {
    return this.#early.signal;
  }

  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Resolves or rejects as `work` does; resolves to undefined when this process is to end before. */
  unlessEnded<T>(work: Promise<T>): Promise<T | undefined> {
    return Promise.race([work, this.#ended.then(() => undefined)]);
  }

  /** Stops listening. Ends this process by the signal that was to end it. */
  close(): void {
    this.#forget();
    if (this.#last !== undefined) process.kill(process.pid, this.#last);
  }
}
