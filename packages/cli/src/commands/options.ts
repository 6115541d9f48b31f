import { InvalidArgumentError, Option } from 'commander';

/** Returns the option `-n`, for commands that show the largest entries. */
export function rowsOption(count: number): Option {
  return new Option('-n, --rows <count>', 'number of rows').argParser(positiveInteger).default(count);
}

/** Returns the option `--md`, for commands that also print JSON. */
export function markdownOption(): Option {
  return new Option('--md', 'print Markdown, for issues and chats').conflicts('json');
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
