import type { CaptureTime, CaptureWindow } from '@heapray/exporter/memray';
import { type Command, InvalidArgumentError, Option } from 'commander';

const SECONDS = /^(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h)?$/;
const UNIT_MILLIS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
/** ISO 8601 with an offset from UTC. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Returns the option `-n`, for commands that show the largest entries. */
export function rowsOption(count: number): Option {
  return new Option('-n, --rows <count>', 'number of rows').argParser(positiveInteger).default(count);
}

/** Returns the option `--md`, for commands that also print JSON. */
export function markdownOption(): Option {
  return new Option('--md', 'print Markdown, for issues and chats').conflicts('json');
}

/** Adds the options of all commands that read captures and end: `--strict`, `--max-memory` and `--max-seconds`. */
export function addReadingOptions(command: Command): Command {
  return command.addOption(strictOption()).addOption(maxMemoryOption()).addOption(maxSecondsOption());
}

/** Returns the option `--strict`, for all commands that read captures. */
export function strictOption(): Option {
  return new Option(
    '--strict',
    'exit with status 1 if a capture is damaged, incomplete, or followed by other data',
  );
}

/**
 * Returns the option `--max-memory`, for all commands that read files. The supervisor reads it before the command does.
 */
export function maxMemoryOption(when = ''): Option {
  return new Option(
    '--max-memory <MiB>',
    `${when}memory limit (default: 512, or 32 times an input over 16 MiB)`,
  ).argParser(positiveInteger);
}

/** Returns the option `--max-seconds`; see {@link maxMemoryOption}. */
export function maxSecondsOption(when = ''): Option {
  return new Option(
    '--max-seconds <count>',
    `${when}limit of processor time (default: 10, or one per MB of an input over 10 MB)`,
  ).argParser(positiveInteger);
}

/** Parses a positive integer. */
export function positiveInteger(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Must be a positive integer.');
}

/** Parses the ID of a process. */
export function processId(text: string): number {
  const pid = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (pid > 0) return pid;
  throw new InvalidArgumentError('Must be the ID of a process.');
}

/** Options of commands that can read a part of a capture's time. */
export interface WindowOptions {
  readonly from?: CaptureTime;
  readonly until?: CaptureTime;
}

/** Returns the option `--from`. */
export function fromOption(): Option {
  return new Option(
    '--from <time>',
    'consider only what a capture allocated from this time on: seconds since its start (12.5, 90s, 2m) or UTC ' +
      '(2026-11-28T10:00:00Z)',
  ).argParser(parseTime);
}

/** Returns the option `--until`. */
export function untilOption(): Option {
  return new Option(
    '--until <time>',
    'end of that time: what was allocated before and is alive then is in use (default: the end)',
  ).argParser(parseTime);
}

/** Returns the option `--at-peak`, for commands that show a column of a profile. */
export function atPeakOption(conflicting: string): Option {
  return new Option(
    '--at-peak',
    'show what was in use at the high-water mark (with --from or --until: that of the time)',
  ).conflicts(conflicting);
}

/** Returns the part of the time that the options select; undefined for all of it. */
export function windowOf({ from, until }: WindowOptions): CaptureWindow | undefined {
  return from === undefined && until === undefined ? undefined : { from, until };
}

function parseTime(text: string): CaptureTime {
  const [, digits, unit = 's'] = SECONDS.exec(text) ?? [];
  if (digits !== undefined) {
    return { millis: Number(digits) * UNIT_MILLIS[unit as keyof typeof UNIT_MILLIS], isUtc: false };
  }
  const millis = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(millis)) return { millis, isUtc: true };
  throw new InvalidArgumentError('Must be a time such as 12.5, 90s, 2m or 2026-11-28T10:00:00Z.');
}
