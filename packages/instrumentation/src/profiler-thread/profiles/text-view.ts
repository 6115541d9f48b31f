import { meaningOfPseudoFrame } from '@heapray/exporter/profile';
import { originText } from '../../protocol/memory-origin.js';
import type { ResidentMemory } from '../../protocol/resident-memory.js';
import { bytesByAge } from '../history/retention-age.js';
import type { Survival } from '../history/survival.js';
import { byteText, durationText } from '../leaks/leak-message.js';
import { outsideHeapText, residentText } from '../leaks/outside-heap.js';
import { isConclusive, progressText } from '../leaks/progress-text.js';
import type { LeakProgress } from '../leaks/suspect-rules.js';
import {
  AGE_BUCKETS,
  type CallSite,
  type Ledger,
  type LedgerSource,
  type SiteIndex,
  siteLabel,
} from '../ledger/index.js';
import { carriedOverNote } from './carried-over-note.js';

/** A memory source, with the survival of the allocations of `survivalMillis` ago by site; undefined while unknown. */
export interface TextViewSource extends LedgerSource {
  readonly survival?: ReadonlyMap<SiteIndex, Survival> | undefined;
}

export interface TextViewOptions {
  /** Mean bytes between samples of the main thread. */
  readonly samplingInterval: number;
  readonly mode: string;
  /** Column by which rows are sorted. */
  readonly column: 'inuse_space' | 'alloc_space';
  /** Present time on the clock of the ledger's polls. */
  readonly atMillis: number;
  /** Descriptions of the leak suspects, worst first. */
  readonly leakMessages: readonly string[];
  /** Resident memory of the process; undefined while it is not known. */
  readonly resident?: ResidentMemory | undefined;
  readonly progress: LeakProgress;
  readonly survivalMillis: number;
  /** Number of call sites that are shown. Default: a hundred. */
  readonly maxRows?: number | undefined;
}

interface Row {
  inUse: number;
  /** Part of `inUse` that is over a minute old, without bytes of unknown age. */
  old: number;
  allocated: number;
}

/** A call site of one source. */
interface SiteRow {
  readonly source: TextViewSource;
  readonly site: SiteIndex;
  readonly row: Row;
}

const MAX_ROWS = 100;
const OLD_BUCKETS = [AGE_BUCKETS.indexOf('1m-10m'), AGE_BUCKETS.indexOf('unknown')] as const;

/**
 * Formats the heap by call site as plain text, to read without a viewer: leak suspects first, then the
 * largest sites.
 *
 * @param sources the main thread's heap first
 */
export function textView(sources: readonly TextViewSource[], options: TextViewOptions): string {
  const { samplingInterval, mode, leakMessages } = options;
  const [main] = sources;
  if (!main) return '';
  const { ledger } = main;
  const uncollected = sources.reduce((bytes, source) => bytes + source.ledger.uncollectedBytes, 0);
  const lines = [
    `heapray: sampled every ${samplingInterval} bytes on average (mode ${mode}); all values are estimates`,
    ...(ledger.showsInlined ? [] : ['a function includes those that V8 has inlined into it']),
    ...carriedOverNote(ledger),
    `in use is what is likely to be reachable; ${byteText(uncollected)} more are shown and not collected yet`,
    '',
    leakMessages.length > 0 ? 'Leak suspects:' : noSuspects(ledger, options),
    ...leakMessages.map((message) => `  ${message}`),
    '',
    ...residentLines(options.resident),
    ...table(sources, options),
  ];
  return `${lines.join('\n')}\n`;
}

function noSuspects(ledger: Ledger, { progress, atMillis }: TextViewOptions): string {
  const yet = isConclusive(progress) ? '' : ' yet';
  return `No leak suspects${yet}: ${progressText(ledger, progress, atMillis)}.`;
}

function residentLines(resident: ResidentMemory | undefined): string[] {
  if (resident === undefined) return [];
  const outside = outsideHeapText(resident);
  return [residentText(resident), ...(outside === undefined ? [] : [outside]), ''];
}

function table(sources: readonly TextViewSource[], options: TextViewOptions): string[] {
  const { column, survivalMillis, maxRows = MAX_ROWS } = options;
  const size = ({ row: { inUse, allocated } }: SiteRow) => (column === 'inuse_space' ? inUse : allocated);
  const sites = sources.flatMap((source) =>
    [...rowsBySite(source.ledger, options.atMillis)].map(([site, row]): SiteRow => ({ source, site, row })),
  );
  sites.sort((a, b) => size(b) - size(a));
  const shown = sites.slice(0, maxRows).map(({ source, site, row }) => {
    const survived = source.survival?.get(site);
    const share = survived ? `${Math.round(100 * survived.share)} %` : '-';
    return [...numbers(row), share, siteText(source, source.ledger.sites.site(site))];
  });
  const rest = sites.slice(maxRows).map(({ row }) => row);
  const others = rest.length > 0 ? [[...numbers(sum(rest)), '', `${rest.length} other call sites`]] : [];
  const total = [...numbers(sum(sites.map(({ row }) => row))), '', 'total'];
  const ago = `alive of ${durationText(survivalMillis / 1000)} ago`;
  const rows = aligned([['in use', 'over 1 min', 'allocated', ago, 'call site'], total, ...shown, ...others]);
  const notes = sites.slice(0, maxRows).flatMap(({ source, site }) => noteOn(source.ledger.sites.site(site)));
  return notes.length === 0 ? rows : [...rows, '', ...new Set(notes)];
}

/** Explains the name of a pseudo call site that is not a function. */
function noteOn({ functionName, file }: CallSite): string[] {
  const meaning = file === '' ? meaningOfPseudoFrame(functionName) : undefined;
  return meaning === undefined ? [] : [`${functionName}: ${meaning}`];
}

function rowsBySite(ledger: Ledger, atMillis: number): Map<SiteIndex, Row> {
  const ages = bytesByAge(ledger, atMillis);
  const rows = new Map<SiteIndex, Row>();
  for (let node = 0; node < ledger.tree.size; node++) {
    const allocated =
      ledger.allocatedBytes(node) + (node === ledger.unobservedNode ? ledger.pendingBytes : 0);
    const inUse = ledger.inUseBytes(node);
    if (allocated <= 0 && inUse <= 0) continue;
    const site = ledger.sites.siteOf(node);
    const old = (ages.get(node) ?? []).slice(...OLD_BUCKETS).reduce((bytes, more) => bytes + more, 0);
    rows.set(site, sum([rows.get(site) ?? sum([]), { inUse, old, allocated }]));
  }
  return rows;
}

function sum(rows: readonly Row[]): Row {
  const total = { inUse: 0, old: 0, allocated: 0 };
  for (const { inUse, old, allocated } of rows) {
    total.inUse += inUse;
    total.old += old;
    total.allocated += allocated;
  }
  return total;
}

function numbers({ inUse, old, allocated }: Row): string[] {
  return [inUse, old, allocated].map(byteText);
}

function siteText(source: LedgerSource, site: CallSite): string {
  const { packageName, packageVersion, component } = site;
  const version = packageVersion === undefined ? '' : `@${packageVersion}`;
  const origin = originText(source);
  return `${siteLabel(site)}  ${packageName}${version}  ${component}${origin === '' ? '' : `  ${origin}`}`;
}

/** Aligns columns to the right, except for the last one, which is text. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i] ?? 0))).join('  '),
  );
}
