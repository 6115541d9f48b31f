import { InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.js';
import { setExitStatus } from '../exit-status.js';
import { note } from '../io/note.js';
import { formatQuantity, formatShare } from '../text/quantity.js';

/** The value that a limit applies to. By default all values of the command, or the column of `--by`. */
export type LimitSubject = 'peak' | 'leaked';

/** A value of `--fail-over`. */
export interface FailLimit {
  /** The text as given by the user. */
  readonly text: string;
  readonly subject: LimitSubject | undefined;
  /** An amount, or a share of a whole, from 0. A share can exceed 1. */
  readonly value: number;
  /** `number` has no unit: it is in bytes, or in the unit of the column. */
  readonly kind: 'bytes' | 'number' | 'part';
}

/** Exit status of a command whose `--fail-over` was exceeded. */
const OVER_LIMIT = 3;

const LIMIT = /^(?:(peak|leaked)=)?(\d{1,15}(?:\.\d{1,6})?) ?(%|[kmgt]?b?|[kmgt]ib)$/i;
const POWERS = 'kmgt';

/** Returns the option `--fail-over`, which may be given several times. */
export function failOverOption(description: string): Option {
  return new Option(
    '--fail-over <limit>',
    `exit with status 3 when ${description} is over a size (10MiB) or percentage (5%)`,
  ).argParser((text, before: readonly FailLimit[] | undefined) => [...(before ?? []), failLimit(text)]);
}

/** Parses `100`, `64KiB`, `10MB`, `1.5G`, `5%`, `leaked=5%`. KB is 1000 bytes; K and KiB are 1024. */
function failLimit(text: string): FailLimit {
  const [, subject, digits = '', unit = ''] = LIMIT.exec(text) ?? [];
  if (digits === '') {
    throw new InvalidArgumentError('Must be a size or a percentage, for example 500KB, 10MiB, 1.5GiB or 5%.');
  }
  const lower = unit.toLowerCase();
  const number = Number(digits);
  const known = { text, subject: subject?.toLowerCase() as LimitSubject | undefined };
  if (lower === '%' && known.subject === 'peak') {
    throw new InvalidArgumentError(
      'A percentage is of the peak. Give a size for peak=, for example peak=10MiB.',
    );
  }
  if (lower === '%') return { ...known, value: number / 100, kind: 'part' };
  if (lower === '') return { ...known, value: number, kind: 'number' };
  const power = POWERS.indexOf(lower[0]!) + 1;
  const base = power > 0 && lower.endsWith('b') && !lower.endsWith('ib') ? 1000 : 1024;
  return { ...known, value: number * base ** power, kind: 'bytes' };
}

/** A value to compare with a limit. */
export interface Measured {
  /** Name of the value, for example `the peak`. */
  readonly what: string;
  readonly amount: number;
  /** The whole for percentages, for example `the peak`; undefined where there is none. */
  readonly whole?: { readonly name: string; readonly amount: number };
  readonly unit: string;
  /** The largest site, starting with a semicolon; empty where there is none. */
  readonly site: string;
}

/**
 * Checks that no limit names a subject, for commands where `--by` selects it.
 *
 * @throws UsageError when one does
 */
export function assertNoSubject(limits: readonly FailLimit[]): void {
  const limit = limits.find(({ subject }) => subject !== undefined);
  if (limit !== undefined) {
    throw new UsageError(
      `--fail-over ${limit.text}: ${limit.subject}= is for stats; here --by says the column`,
    );
  }
}

/**
 * Compares a value with a limit. If it is exceeded, writes one line and sets the exit status to 3 for the end of the
 * command. Returns whether it is exceeded.
 *
 * @throws UsageError for a limit in bytes when the value has a different unit
 */
export function holdAgainst(name: string, limit: FailLimit, measured: Measured): boolean {
  const { what, amount, whole, unit, site } = measured;
  if (limit.kind === 'bytes' && unit !== 'bytes') {
    throw new UsageError(
      `--fail-over ${limit.text}: ${what} is measured in ${unit}; give a number without unit`,
    );
  }
  const over = `over --fail-over ${limit.text}`;
  const quantity = formatQuantity(amount, unit);
  if (limit.kind !== 'part') {
    if (amount <= limit.value) return false;
    note(`${name}: ${what} is ${quantity}, ${over}${site}`);
  } else {
    if (whole === undefined || amount <= limit.value * whole.amount) return false;
    // Any amount exceeds every share of an empty whole.
    const share = whole.amount > 0 ? formatShare(amount / whole.amount) : 'all';
    note(`${name}: ${what} is ${share} of ${whole.name} (${quantity}), ${over}${site}`);
  }
  setExitStatus(OVER_LIMIT);
  return true;
}
