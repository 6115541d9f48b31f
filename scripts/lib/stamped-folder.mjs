// Folders that are made once. The stamp is written last, so a folder whose making was interrupted, or was
// made from other ingredients, is made anew.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { withRetries } from './retry.mjs';

const STAMP = '.complete';

/** Whether the folder was completed with this key. */
export function isComplete(folder, key) {
  const stamp = path.join(folder, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === key;
}

/** Marks the folder as completed with this key. */
export function markComplete(folder, key) {
  writeFileSync(path.join(folder, STAMP), key);
}

/** Says that the folder is being changed: if that is interrupted, it will be made anew. */
export function markIncomplete(folder) {
  rmSync(path.join(folder, STAMP), { force: true });
}

/** Makes the folder from nothing unless it is complete; whoever fails (a registry, a network) is asked again. */
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
