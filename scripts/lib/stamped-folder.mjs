// Folders that are made once. The stamp is written last, so a folder whose making was interrupted, or was
// made from other ingredients, is made anew.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';

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

/** Makes the folder from nothing unless it is complete; a registry that fails once is asked a second time. */
export async function makeFolder(folder, key, make) {
  if (isComplete(folder, key)) return;
  try {
    await makeAnew(folder, make);
  } catch {
    await makeAnew(folder, make);
  }
  markComplete(folder, key);
}

async function makeAnew(folder, make) {
  await rm(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await make(folder);
}
