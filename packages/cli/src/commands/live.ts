import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CaptureEnd, MemrayAnalyzer } from '@heapray/exporter/memray';
import { type Command, InvalidArgumentError } from 'commander';
import { CommandError, codeOf, messageOf } from '../errors.js';
import { applyStrict, finishCapture, pushCapture } from '../inputs/memray.js';
import { note } from '../io/note.js';
import { LiveView } from '../outputs/live-view.js';
import { rowsOption, strictOption } from './options.js';

interface LiveOptions {
  readonly rows: number;
  readonly strict?: true;
}

const RETRY_MILLIS = 500;
/** Timeout for each address of this machine, in ms. It responds at once unless it is very busy. */
const CONNECT_MILLIS = 10_000;
const REFRESH_MILLIS = 1000;

export function addLive(program: Command): void {
  program
    .command('live')
    .summary('show the memory of a running program')
    .description(
      'Shows the call sites that hold the memory of a program, from its live port on this machine. The program ' +
        'runs under `memray run --live-remote` (memray 1.11 or later) or heapray. Shows a table on a terminal, else ' +
        'one line per second. Waits until the program listens, and ends with it.',
    )
    .argument('<port>', 'live port, as printed by the program', portNumber)
    .addOption(rowsOption(15))
    .addOption(strictOption())
    .action(live);
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('Must be a port from 1 to 65535.');
}

async function live(port: number, { rows, strict }: LiveOptions): Promise<void> {
  const socket = await connect(port);
  const analyzer = new MemrayAnalyzer();
  const view = new LiveView(analyzer, rows, process.stdout);
  const refresh = setInterval(() => view.refresh(), REFRESH_MILLIS);
  let end: CaptureEnd;
  try {
    const chunks = chunksOf(socket, port);
    const opened = { name: `port ${port}`, head: new Uint8Array(), chunks, close: async () => {} };
    for await (const _ of pushCapture(opened, analyzer)) if (analyzer.stopped) break;
    end = finishCapture(opened, analyzer);
  } finally {
    clearInterval(refresh);
    socket.destroy();
  }
  view.finish();
  note(end.complete ? 'the program has ended' : 'the remote has disconnected');
  applyStrict(strict, end);
}

/** Waits until a program listens, as `memray live` does. */
async function connect(port: number): Promise<net.Socket> {
  for (let isReported = false; ; isReported = true) {
    const socket = net.connect({
      port,
      host: 'localhost',
      autoSelectFamilyAttemptTimeout: CONNECT_MILLIS,
    });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
      });
      return socket;
    } catch (cause) {
      socket.destroy();
      if (!isRefused(cause)) throw new CommandError(`port ${port}: ${messageOf(cause)}`, { cause });
      if (!isReported) note(`waiting for a program at port ${port}`);
      await sleep(RETRY_MILLIS);
    }
  }
}

/**
 * Returns whether no program listens. If localhost has several addresses, the error combines all of them. Some may be
 * unusable on this machine, such as ::1 without IPv6, so one that is refused is enough to wait.
 */
function isRefused(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.some(isRefused);
  return codeOf(cause) === 'ECONNREFUSED';
}

/** Reads the socket. A program that is killed resets the connection, which ends the data normally. */
async function* chunksOf(socket: net.Socket, port: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of socket) yield chunk as Uint8Array;
  } catch (cause) {
    if (codeOf(cause) === 'ECONNRESET') return;
    throw new CommandError(`port ${port}: ${messageOf(cause)}`, { cause });
  }
}
