import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const REFRESH_MILLIS = 10_000;
/** Processes read before other work gets its turn. */
const BATCH = 50;

interface ProcessRow {
  readonly parent: number;
  readonly residentBytes: number;
  /** Its number in its own pid namespace, where that is another than ours. */
  readonly namespacePid: number | undefined;
}

/** Memory of the processes that a process started, and that those started. */
export interface DescendantMemory {
  readonly processes: number;
  /** Sum of their resident sets: pages that several of them share count in each. */
  readonly residentBytes: number;
}

/** The processes that can be seen, as `/proc` told them last. Empty where there is no `/proc`. */
export class ProcessTable {
  readonly #clock: () => number;
  #rows: ReadonlyMap<number, ProcessRow> = new Map();
  #read = Number.NEGATIVE_INFINITY;

  /** @param clock milliseconds, from any moment on */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Reads `/proc` if that was last done ten seconds ago or more. */
  async refresh(): Promise<void> {
    const now = this.#clock();
    if (Math.abs(now - this.#read) < REFRESH_MILLIS) return;
    this.#read = now;
    const rows = new Map<number, ProcessRow>();
    let count = 0;
    for (const pid of pids()) {
      const row = readRow(pid);
      if (row !== undefined) rows.set(pid, row);
      count += 1;
      if (count % BATCH === 0) await setImmediate();
    }
    this.#rows = rows;
  }

  /** Processes that have this number in a pid namespace of their own. */
  withNamespacePid(pid: number): readonly number[] {
    return [...this.#rows].filter(([, row]) => row.namespacePid === pid).map(([own]) => own);
  }

  /** Undefined for a process that was not there. */
  descendantsOf(pid: number): DescendantMemory | undefined {
    if (!this.#rows.has(pid)) return undefined;
    const children = Map.groupBy(this.#rows, ([, { parent }]) => parent);
    const seen = new Set([pid]);
    const sum = { processes: 0, residentBytes: 0 };
    for (const parent of seen) {
      for (const [child, { residentBytes }] of children.get(parent) ?? []) {
        if (seen.has(child)) continue;
        seen.add(child);
        sum.processes += 1;
        sum.residentBytes += residentBytes;
      }
    }
    return sum;
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0);
  } catch {
    return [];
  }
}

/** Undefined for a process that has ended meanwhile. */
function readRow(pid: number): ProcessRow | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const namespaces = /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split('\t') ?? [];
    return {
      parent: numberIn(/^PPid:\s*(\d+)$/m, status),
      residentBytes: numberIn(/^VmRSS:\s*(\d+) kB$/m, status) * 1024,
      namespacePid: namespaces.length > 1 ? Number(namespaces.at(-1)) : undefined,
    };
  } catch {
    return undefined;
  }
}

function numberIn(pattern: RegExp, text: string): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
