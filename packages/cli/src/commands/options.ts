import { InvalidArgumentError, Option } from 'commander';

/** Returns the option `-n`, for commands that show the largest entries. */
export function rowsOption(count: number): Option {
  return new Option('-n, --rows <count>', 'how many rows').argParser(positiveInteger).default(count);
}

/** Returns the option `--strict`, for all commands that read captures. */
export function strictOption(): Option {
  return new Option(
    '--strict',
    'a capture that is damaged, has no end, or another one behind it makes the status 1',
  );
}

/**
 * Returns the option `--max-memory`, for all commands that read files. The supervisor reads it before the command does.
 */
export function maxMemoryOption(when = ''): Option {
  return new Option(
    '--max-memory <MiB>',
    `${when}most memory to take (default: 512, and 32 times an input over 16 MiB)`,
  ).argParser(positiveInteger);
}

/** Returns the option `--max-seconds`; see {@link maxMemoryOption}. */
export function maxSecondsOption(when = ''): Option {
  return new Option(
    '--max-seconds <count>',
    `${when}most processor time to take (default: 10, and one for each MB of an input over 10 MB)`,
  ).argParser(positiveInteger);
}

/** Parses a positive integer. */
export function positiveInteger(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Must be a positive integer.');
}
