import { InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.js';
import { setExitStatus } from '../exit-status.js';
import { note } from '../outputs/note.js';
import { formatQuantity, formatShare } from '../text/quantity.js';

/** What a limit is held against: by default all that a command knows of, or what `--by` says. */
export type LimitSubject = 'peak' | 'leaked';

/** A value of `--fail-over`. */
export interface FailLimit {
  /** As it was given. */
  readonly text: string;
  readonly subject: LimitSubject | undefined;
  /** An amount, or a part of a whole from 0; a percentage can be over 1. */
  readonly value: number;
  /** `number` has no unit: bytes, or what the column counts. */
  readonly kind: 'bytes' | 'number' | 'part';
}

/** Status of a command whose `--fail-over` was exceeded. */
const OVER_LIMIT = 3;

const LIMIT = /^(?:(peak|leaked)=)?(\d{1,15}(?:\.\d{1,6})?) ?(%|[kmgt]?b?|[kmgt]ib)$/i;
const POWERS = 'kmgt';

/** `--fail-over`, which may be given several times. */
export function failOverOption(description: string): Option {
  return new Option(
    '--fail-over <limit>',
    `exit with status 3 when ${description} is over a size (10MiB) or percentage (5%)`,
  ).argParser((text, before: readonly FailLimit[] | undefined) => [...(before ?? []), failLimit(text)]);
}

/** Reads `100`, `64KiB`, `10MB`, `1.5G`, `5%`, `leaked=5%`: KB is 1000 bytes, K and KiB are 1024. */
function failLimit(text: string): FailLimit {
  const [, subject, digits = '', unit = ''] = LIMIT.exec(text) ?? [];
  if (digits === '') {
    throw new InvalidArgumentError('It takes a size or a percentage, such as 500KB, 10MiB, 1.5GiB or 5%.');
  }
  const lower = unit.toLowerCase();
  const number = Number(digits);
  const known = { text, subject: subject?.toLowerCase() as LimitSubject | undefined };
  if (lower === '%') return { ...known, value: number / 100, kind: 'part' };
  if (lower === '') return { ...known, value: number, kind: 'number' };
  const power = POWERS.indexOf(lower[0]!) + 1;
  const base = power > 0 && lower.endsWith('b') && !lower.endsWith('ib') ? 1000 : 1024;
  return { ...known, value: number * base ** power, kind: 'bytes' };
}

/** Something that a limit can be held against. */
export interface Measured {
  /** What it is, for example `the peak`. */
  readonly what: string;
  readonly amount: number;
  /** What a percentage is of, for example `of the peak`; undefined where there is no whole. */
  readonly whole?: { readonly name: string; readonly amount: number };
  readonly unit: string;
  /** Says which site, behind a semicolon; empty where there is none. */
  readonly site: string;
}

/** @throws UsageError when a command cannot tell what a limit is about */
export function assertNoSubject(limits: readonly FailLimit[]): void {
  const limit = limits.find(({ subject }) => subject !== undefined);
  if (limit !== undefined) {
    throw new UsageError(
      `--fail-over ${limit.text}: ${limit.subject}= is for stats; here --by says the column`,
    );
  }
}

/**
 * Says in one line what is over the limit, and makes the status 3 for when the command is through. Returns whether it is.
 * @throws UsageError for a size of what is not measured in bytes
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
    // Of nothing, everything is more than any part.
    const share = whole.amount > 0 ? formatShare(amount / whole.amount) : 'all';
    note(`${name}: ${what} is ${share} of ${whole.name} (${quantity}), ${over}${site}`);
  }
  setExitStatus(OVER_LIMIT);
  return true;
}
