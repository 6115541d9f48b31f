import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, fileError } from '../errors.js';

/** How Airflow, and heapray, name captures; those moved out of the way have other names. */
const CAPTURE_NAME = /^([^.].*)_memory\.bin$/;

export interface FoundCapture {
  readonly path: string;
  readonly component: string;
}

/** What the search came to. */
export interface Findings {
  readonly captures: readonly FoundCapture[];
  /** Of the paths that could not be searched, why: one line each. */
  readonly problems: readonly string[];
}

/**
 * Finds the captures at `paths`: a folder stands for those in it, a file for itself. What is not there yet may
 * come: something called `*.bin` as a file, else as a folder.
 */
export async function findCaptures(paths: readonly string[]): Promise<Findings> {
  const captures = new Map<string, FoundCapture>();
  const problems: string[] = [];
  const add = (file: string, name: string) => {
    if (!captures.has(file)) captures.set(file, { path: file, component: nameFor(name, file, captures) });
  };
  for (const given of paths) {
    const full = path.resolve(given);
    try {
      if (await isFile(full)) {
        const base = path.basename(full);
        add(full, CAPTURE_NAME.exec(base)?.[1] ?? path.parse(base).name);
        continue;
      }
      for (const entry of (await readdir(full)).sort()) {
        const name = CAPTURE_NAME.exec(entry)?.[1];
        if (name !== undefined) add(path.join(full, entry), name);
      }
    } catch (cause) {
      problems.push(fileError(given, cause).message);
    }
  }
  return { captures: [...captures.values()], problems };
}

/** Whether it is to be read as a file, there or not. */
async function isFile(full: string): Promise<boolean> {
  try {
    return !(await stat(full)).isDirectory();
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' && full.endsWith('.bin')) return true;
    throw cause;
  }
}

/** Two components of one name, in two folders, must be told apart. */
function nameFor(name: string, file: string, taken: ReadonlyMap<string, FoundCapture>): string {
  const isTaken = [...taken.values()].some(({ component }) => component === name);
  return isTaken ? `${name}@${path.dirname(file)}` : name;
}
