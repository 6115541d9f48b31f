// Two test runs in one checkout must not install into the same folders at the same time: the second waits
// until the first has prepared everything, and then finds it done.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CACHE, note } from './bootstrap.mjs';

const LOCK = path.join(CACHE, 'bootstrap.lock');

/** Runs the work while no other process of this checkout does such work. */
export async function withBootstrapLock(work) {
  mkdirSync(CACHE, { recursive: true });
  let told = false;
  while (!take()) {
    if (!told) note(`process ${owner()} is preparing this checkout; waiting for it ...`);
    told = true;
    await delay(200);
  }
  process.on('exit', release);
  try {
    return await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

function take() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isAlive(owner())) release();
    return false;
  }
}

function release() {
  rmSync(LOCK, { force: true });
}

function owner() {
  try {
    return Number(readFileSync(LOCK, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  // An empty file is a lock that is being written in this moment.
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
