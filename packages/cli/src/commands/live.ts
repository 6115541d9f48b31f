import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../errors.js';
import { applyStrict, incompleteReason } from '../inputs/memray.js';
import { note } from '../io/note.js';
import { runSession } from '../live/live-session.js';
import { LiveModel } from '../live/model/live-model.js';
import { PlainView } from '../live/plain-view.js';
import { ScreenView } from '../live/screen-view.js';
import { openSource } from '../live/sources/open-source.js';
import { processId, rowsOption, strictOption } from './options.js';

interface LiveOptions {
  readonly pid?: number;
  readonly rows: number;
  readonly interval?: number;
  readonly component?: string;
  readonly wait?: true;
  readonly strict?: true;
}

export function addLive(program: Command): void {
  program
    .command('live')
    .summary('show the memory of a running program')
    .description(
      'Shows what holds the memory of a program, what grows, and what allocates. Reads a capture while it is written; ' +
        'a debug server of heapray or `heapray watch`; or a live port on this machine, of `memray run --live-remote` ' +
        '(memray 1.11 or later) or heapray; or, with --pid, attaches to any Node process as heapray attach does. On a ' +
        'terminal, keys sort, filter and show callers (? lists them); otherwise prints one line per read, and a table ' +
        'at the end.',
    )
    .argument('[source]', 'capture, http://HOST:PORT, or port of this machine')
    .option('--pid <pid>', 'ID of a Node process; a number above 65535 needs no --pid', processId)
    .option('--component <name>', 'component, for a server of heapray watch')
    .option('--interval <seconds>', 'time between reads (default: 1; 5 for a URL or process)', seconds)
    .option('--wait', 'wait for the program, and for the next one when it ends')
    .addOption(rowsOption(15))
    .addOption(strictOption())
    .action(live);
}

function seconds(text: string): number {
  const value = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value < 0.1) throw new InvalidArgumentError('Must be a number of seconds from 0.1.');
  return value;
}

async function live(target: string | undefined, options: LiveOptions): Promise<void> {
  const { pid, rows, interval, component, wait = false, strict } = options;
  if ((target === undefined) === (pid === undefined)) {
    throw new UsageError('needs a source, or --pid with the ID of a process');
  }
  const intervalMillis = interval === undefined ? undefined : interval * 1000;
  const source = openSource(target ?? pid!, { intervalMillis, component, isWaiting: wait });
  const model = new LiveModel();
  const { stdout, env } = process;
  const hasScreen = stdout.isTTY && env.TERM !== 'dumb';
  const hasColours = (env.NO_COLOR ?? '') === '';
  const end = await runSession({
    source,
    model,
    openView: (handlers) =>
      hasScreen
        ? new ScreenView({ model, rows, hasColours, source: source.name }, handlers)
        : new PlainView(model, rows, stdout),
  });
  if (end === undefined) return;
  const reason = end.capture && incompleteReason(end.capture);
  if (reason !== undefined) note(`${source.name}: ${reason}`);
  note(end.message);
  applyStrict(strict, end.capture);
}
