import { InvalidArgumentError, Option } from 'commander';

/** `-n`, for commands that show the biggest of something. */
export function rowsOption(count: number): Option {
  return new Option('-n, --rows <count>', 'how many rows').argParser(rowCount).default(count);
}

/** `--strict`, for all commands that read captures. */
export function strictOption(): Option {
  return new Option('--strict', 'a capture that is damaged or has no end makes the status 1');
}

function rowCount(text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}
