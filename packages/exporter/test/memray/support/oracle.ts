import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MemrayVersion } from '../../../../../test/support/peers.js';
import type { CommandResult } from '../../../../../test/support/run-command.js';
import { runMemrayScript, runMemray as runVersion } from '../../../../../test/support/run-memray.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import type { MemrayFormat } from '../../../src/memray/index.js';

/** Version of memray that reads each format. Each version reads only one. */
export const MEMRAY_OF: Readonly<Record<MemrayFormat, MemrayVersion>> = {
  13: '1.20.0',
  12: '1.19.3',
  11: '1.18.0',
};

/** The output of `oracle.py`. */
export interface Oracle {
  readonly peak: number;
  readonly total: number;
  readonly commandLine: string;
  readonly events: readonly (readonly [number, number, number, string, readonly number[]])[];
  readonly snapshots: readonly (readonly [number, number, number])[];
  readonly highWaterMark: OracleGroups;
  readonly leaks: OracleGroups;
  readonly temporary: Readonly<Record<string, OracleGroups>>;
  readonly temporalLeaks: readonly OracleIntervals[];
  readonly temporalHighWaterMark: {
    readonly peaks: readonly number[];
    readonly records: readonly OracleIntervals[];
  };
  readonly locations: readonly (readonly [string, string, number])[];
}

export interface OracleGroup {
  readonly tid?: number;
  readonly thread?: string;
  readonly size: number;
  readonly count: number;
  readonly stack: readonly number[];
}

export interface OracleGroups {
  readonly byThread: readonly OracleGroup[];
  readonly merged: readonly OracleGroup[];
}

interface OracleIntervals {
  readonly tid: number;
  readonly allocator: string;
  readonly stack: readonly number[];
  /** [from window, until window or null, count, bytes] */
  readonly intervals: readonly (readonly [number, number | null, number, number])[];
}

/** Writes `bytes` to a temporary file. */
export function captureFile(bytes: Uint8Array): string {
  const file = path.join(tempFolder(), 'capture.bin');
  fs.writeFileSync(file, bytes);
  return file;
}

/** Returns the contents of `file` according to the real memray. */
export async function askOracle(format: MemrayFormat, file: string): Promise<Oracle> {
  const script = fileURLToPath(new URL('oracle.py', import.meta.url));
  return JSON.parse(await runPython(format, [script, file])) as Oracle;
}

/** Runs the Python that has memray. Fails unless it succeeds. */
export async function runPython(format: MemrayFormat, args: readonly string[]): Promise<string> {
  return succeeded(await runMemrayScript(MEMRAY_OF[format], args));
}

/** Runs a memray command. Fails unless it succeeds. */
export async function runMemray(format: MemrayFormat, args: readonly string[]): Promise<string> {
  return succeeded(await tryMemray(format, args));
}

/** Runs a memray command. */
export async function tryMemray(format: MemrayFormat, args: readonly string[]): Promise<CommandResult> {
  return runVersion(MEMRAY_OF[format], args);
}

function succeeded({ status, stdout, stderr }: CommandResult): string {
  if (status !== 0) throw new Error(`exit status ${status}: ${stderr}`);
  return stdout;
}
