import type { OverviewLevel, OverviewSubject } from '../../src/page/overview-data.ts';
import { byteText, capital, durationText, percent } from '../basics/text.ts';
import { latest, stacked } from '../charts/chart-data.ts';
import { siteName } from '../model/find-function.ts';

/** `unknown`: too early to tell. */
export type HeadlineLevel = OverviewLevel | 'unknown';

/** The most important facts about a process, in a few lines. */
export interface Headline {
  readonly level: HeadlineLevel;
  readonly text: string;
  /** Further lines. */
  readonly details: readonly string[];
}

/** A limit that is used to this share is a problem. */
const NEAR_LIMIT = 0.9;
/** A heap limit that is reached within this time is a problem, in seconds. */
const SOON_SECONDS = 6 * 3600;
const HEAP = 'heap';

/** Returns what to show first: a limit that is near, then leak suspects, then the state. */
export function headlineOf(subject: OverviewSubject): Headline {
  const near = limitTexts(subject);
  const leak = leakText(subject);
  if (near.length > 0) {
    const [text = '', ...others] = near;
    return { level: 'problem', text, details: [...others, ...(leak === undefined ? [] : [leak])] };
  }
  const { state, suspects, leakProgress, leakState } = subject;
  if (leak !== undefined) {
    const { secondsToLimit } = subject;
    const isSoon = secondsToLimit != null && secondsToLimit < SOON_SECONDS;
    const others = suspects.length - 1;
    const more = others === 0 ? [] : [`${others} more leak suspect${others === 1 ? '' : 's'} below.`];
    return { level: isSoon ? 'problem' : 'warning', text: leak, details: more };
  }
  const details = leakProgress === undefined ? growthTexts(subject) : [`Leak detection: ${leakProgress}.`];
  // A server without leak detection cannot rule out a leak.
  if (state.level !== 'ok' || leakProgress === undefined)
    return { level: state.level, text: sentence(state.text), details };
  if (leakState !== 'none')
    return {
      level: 'unknown',
      text: `Too early to tell whether there is a leak: ${leakProgress}.`,
      details: [],
    };
  return { level: 'ok', text: 'No leak suspect.', details };
}

/** Returns how what is in use has changed in the time shown. */
function growthTexts({ lines, timesMillis }: OverviewSubject): string[] {
  const values = lines.find(({ unit }) => unit === 'By')?.values ?? [];
  const start = values.findIndex((value) => value !== null);
  const last = latest(values);
  if (last === undefined || last.at === start) return [];
  const seconds = (timesMillis[last.at]! - timesMillis[start]!) / 1000;
  const change = last.value - values[start]!;
  const sign = change > 0 ? '+' : '';
  return [`In use: ${byteText(last.value)}, ${sign}${byteText(change)} in ${durationText(seconds)}.`];
}

function leakText({ suspects, secondsToLimit }: OverviewSubject): string | undefined {
  const [first] = suspects;
  if (first === undefined) return undefined;
  const where = first.place === '' ? '' : ` (${first.place})`;
  const limit = secondsToLimit == null ? '' : `; heap limit in ${durationText(secondsToLimit)} at this rate`;
  return `Leak suspect: ${siteName(first)}${where} grows by ${byteText(60 * first.bytesPerSecond)}/min${limit}.`;
}

function limitTexts({ limits, resident, lines }: OverviewSubject): string[] {
  const all = latest(stacked(resident).at(-1) ?? [])?.value;
  const heap = latest(lines.find(({ unit }) => unit === 'By')?.values ?? [])?.value;
  return limits.flatMap(({ name, bytes }) => {
    const used = name === HEAP ? heap : all;
    if (used === undefined || bytes <= 0 || used < NEAR_LIMIT * bytes) return [];
    const what = name === HEAP ? 'The heap' : 'Resident memory';
    return [`${what} is at ${percent(used / bytes)} of the ${name} limit of ${byteText(bytes)}.`];
  });
}

function sentence(text: string): string {
  const start = capital(text);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
