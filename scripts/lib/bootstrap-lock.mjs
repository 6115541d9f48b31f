// Two test runs in one checkout must not install into the same folders at the same time: the second waits
// until the first has prepared everything, and then finds it done.
//
// Each run puts a claim of its own into a folder, and works unless another living process has one. Of two runs that
// claim at the same time, at least one sees the other's claim and withdraws. A claim is never taken over, so the claim of a
// killed run can be removed at any moment without removing that of a new run.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CACHE, note } from './bootstrap.mjs';
import { processStat } from './processes.mjs';

const TELL_EVERY_MILLIS = 60_000;
/** Stands for the start time of a process where the system does not report it. */
const UNKNOWN = '0';

/** Runs the work while no other process of this checkout does such work. */
export async function withBootstrapLock(work, folder = path.join(CACHE, 'preparing')) {
  mkdirSync(folder, { recursive: true });
  const claim = path.join(folder, `${process.pid}-${processStat(process.pid)?.start ?? UNKNOWN}`);
  const release = () => rmSync(claim, { force: true });
  process.on('exit', release);
  try {
    await waitForTurn(folder, claim);
    return await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

async function waitForTurn(folder, claim) {
  let tellAt = Date.now();
  for (;;) {
    const [other] = tryClaim(folder, claim);
    if (other === undefined) return;
    if (Date.now() >= tellAt) {
      const file = path.join(folder, other);
      note(`process ${parseInt(other, 10)} is preparing this checkout (${file}); waiting for it ...`);
      tellAt += TELL_EVERY_MILLIS;
    }
    // Wait for a random time, so that waiting processes do not claim at the same time again.
    await delay(100 + 200 * Math.random());
  }
}

/** Claims if no living process has a claim; otherwise returns the claim of the other. */
function tryClaim(folder, claim) {
  const before = othersAlive(folder, claim);
  if (before.length > 0) return before;
  writeFileSync(claim, '');
  const others = othersAlive(folder, claim);
  if (others.length > 0) rmSync(claim, { force: true });
  return others;
}

function othersAlive(folder, claim) {
  const others = readdirSync(folder).filter((name) => name !== path.basename(claim));
  const alive = others.filter(isAlive);
  for (const name of others) {
    if (!alive.includes(name)) rmSync(path.join(folder, name), { force: true });
  }
  return alive;
}

/** Returns whether the claiming process is alive. Its start time excludes a new process with a reused pid. */
function isAlive(claim) {
  const [pid, start] = claim.split('-');
  if (!(Number(pid) > 0) || !answers(Number(pid))) return false;
  const stat = processStat(pid);
  if (stat === undefined || start === UNKNOWN) return Number(pid) !== process.pid;
  return stat.start === start && stat.state !== 'Z';
}

function answers(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
