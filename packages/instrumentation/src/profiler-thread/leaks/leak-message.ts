import { type MemoryOrigin, originText } from '../../protocol/memory-origin.js';
import type { CallSite } from '../../protocol/messages.js';
import { siteLabel } from '../ledger/state/site-label.js';
import type { LeakSuspect } from './suspect-rules.js';

/** Share of a site's allocations of that age that is still alive. */
export interface SurvivedShare {
  /** 0 to 1. */
  readonly share: number;
  readonly ageMillis: number;
}

/** Functions that the optimizer has inlined into the named one. */
export interface InlinedSites {
  /** Those whose bytes are included. */
  readonly sure: readonly CallSite[];
  /** Those that it called, and that allocate nothing under their own name any more. */
  readonly probable: readonly CallSite[];
}

/**
 * Describes a leak suspect in one sentence, e.g. "`addOrder lib/cache.js:12:18` in `order-cache@1.2.0` holds
 * 18 MiB allocated over 1 min ago and grows 2.1 MiB/min, 11 of 11 windows; doubles in 9 min; heap limit in 1
 * h 40 min; 98 % of what it allocated 10 min ago is alive".
 *
 * @param site its text names the thread unless it is the main one
 * @param headroomBytes bytes left until the heap limit; infinite for memory that it does not limit
 * @param inlined undefined if the optimizer never inlines any functions
 */
export function leakMessage(
  suspect: LeakSuspect,
  site: CallSite & Partial<MemoryOrigin>,
  headroomBytes: number,
  survived?: SurvivedShare,
  inlined?: InlinedSites,
): string {
  const { oldBytes, oldMillis, bytesPerSecond, grownWindows, windows } = suspect;
  const origin = originText(site);
  const of = origin === '' ? '' : ` (${origin})`;
  const where = `\`${siteLabel(site)}\` in \`${packageText(site)}\`${of}`;
  const growth = `grows ${byteText(bytesPerSecond * 60)}/min, ${grownWindows} of ${windows} windows`;
  const doubling = `doubles in ${durationText(oldBytes / bytesPerSecond)}`;
  const limit = Number.isFinite(headroomBytes)
    ? [`heap limit in ${durationText(headroomBytes / bytesPerSecond)}`]
    : [];
  const parts = [
    `${where} holds ${byteText(oldBytes)} allocated over ${durationText(oldMillis / 1000)} ago and ${growth}`,
    doubling,
    ...limit,
    ...(survived ? [survivalText(survived)] : []),
    ...(inlined ? [inlinedText(inlined)] : []),
  ];
  return parts.join('; ');
}

function survivalText({ share, ageMillis }: SurvivedShare): string {
  return `${Math.round(100 * share)} % of what it allocated ${durationText(ageMillis / 1000)} ago is alive`;
}

function inlinedText({ sure, probable }: InlinedSites): string {
  const as = sure.length === 0 ? '' : `, as ${namesText(sure)}`;
  const probably = probable.length === 0 ? '' : `, probably ${namesText(probable)}`;
  return `functions inlined into it are included${as}${probably}`;
}

function namesText(sites: readonly CallSite[]): string {
  return sites.map((site) => `\`${siteLabel(site)}\` in \`${packageText(site)}\``).join(' and ');
}

function packageText({ packageName, packageVersion }: CallSite): string {
  return packageVersion === undefined ? packageName : `${packageName}@${packageVersion}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Formats bytes with at least two significant digits, e.g. `18 MiB`, `2.1 MiB`. */
export function byteText(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** Formats seconds with at most two units, e.g. `1 h 40 min`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds >= 365 * 86_400) return 'over a year';
  const parts: string[] = [];
  let left = Math.max(1, Math.round(seconds));
  for (const [name, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
  }
  return parts.join(' ');
}
