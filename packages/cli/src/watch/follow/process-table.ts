import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

const REFRESH_MILLIS = 10_000;
/** Number of processes to read before yielding to other work. */
const BATCH = 50;

interface ProcessRow {
  readonly parent: number;
  readonly residentBytes: number;
  /** ID in the process's own PID namespace; undefined if that is ours. */
  readonly namespacePid: number | undefined;
}

/** Memory of all direct and indirect children of a process. */
export interface DescendantMemory {
  readonly processes: number;
  /** Sum of their resident sets. Shared pages count in each. */
  readonly residentBytes: number;
}

/** The visible processes at the last read of `/proc`. Empty without `/proc`. */
export class ProcessTable {
  readonly #clock: () => number;
  #rows: ReadonlyMap<number, ProcessRow> = new Map();
  #read = Number.NEGATIVE_INFINITY;

  /**
   * Creates an empty table.
   *
   * @param clock returns ms since any fixed moment
   */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Reads `/proc` if the last time is at least ten seconds ago. */
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

  /** Returns the processes with this ID in another PID namespace. */
  withNamespacePid(pid: number): readonly number[] {
    return [...this.#rows].filter(([, row]) => row.namespacePid === pid).map(([own]) => own);
  }

  /** Returns the memory of a process's children. Undefined for an unknown process. */
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

/** Reads a process. Undefined if it has ended meanwhile. */
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
