// Folders that are made once. The stamp is written last, so a folder is made again if making it was interrupted, or if
// its key has changed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { withRetries } from './retry.mjs';

const STAMP = '.complete';

/** Returns whether the folder was completed with this key. */
export function isComplete(folder, key) {
  const stamp = path.join(folder, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === key;
}

/** Marks the folder as completed with this key. */
export function markComplete(folder, key) {
  writeFileSync(path.join(folder, STAMP), key);
}

/** Removes the stamp before a change: if the change is interrupted, the folder is made again. */
export function markIncomplete(folder) {
  rmSync(path.join(folder, STAMP), { force: true });
}

/** Makes the folder from nothing unless it is complete; retries after failures of a registry or network. */
export async function makeFolder(folder, key, make, pauses = undefined) {
  if (isComplete(folder, key)) return;
  await withRetries(path.basename(folder), () => makeAnew(folder, make), pauses);
  markComplete(folder, key);
}

async function makeAnew(folder, make) {
  await rm(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await make(folder);
}
