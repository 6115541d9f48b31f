// Measures what `heapray attach` does to a server under load: the gaps of its event loop beyond V8's own collections, and
// whether a killed command leaves the inspector open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { note, ROOT } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { programEnv, runProgram } from './lib/run-program.mjs';

const COMMAND = path.join(ROOT, 'packages', 'cli', 'dist', 'main.js');
const FULL = { seconds: 20, megabytes: 100, repetitions: 5, kills: 20 };
const QUICK = { seconds: 5, megabytes: 20, repetitions: 1, kills: 3 };
/** The goals: no gap over 20 ms beyond V8's own collections, no failed request, and no port that stays open. */
const TARGETS = { beyondMillis: { atMost: 20 }, errors: { atMost: 0 }, open: { atMost: 0 } };
const FLAGS = ['--inspect-port=0'];
/** Time of a command from its start to its end, in which it is killed. */
const LIFE_MILLIS = 2_500;
/** Time until the guard in the target has closed the port, with a margin. */
const CLOSED_MILLIS = 15_000;
const IDLE = "setInterval(() => {}, 1000); console.log('ready')";

export async function run({ node, quick, parts, report }) {
  const plan = quick ? QUICK : FULL;
  const details = {};
  const wants = (part) => parts.length === 0 || parts.includes(part);
  if (wants('delay')) {
    details.delay = await delays(node, plan);
    report(delayFigures(details.delay));
  }
  if (wants('kills')) {
    note(`attach: ${plan.kills} commands, killed at random moments`);
    details.kills = await killed(node, plan.kills);
    report([
      figure({
        part: 'kills',
        what: 'inspectors that stay open',
        unit: '',
        values: [details.kills.filter(({ isOpen }) => isOpen).length],
        target: TARGETS.open,
      }),
    ]);
  }
  return { plan, ...details };
}

async function delays(node, { seconds, megabytes, repetitions }) {
  const runs = [];
  for (const order of rounds(['without', 'with'], repetitions)) {
    const result = {};
    for (const arm of order) {
      note(`attach: ${seconds} s ${arm}`);
      const command = arm === 'with' ? COMMAND : undefined;
      result[arm] = await runProgram(node, 'attach', { seconds, megabytes, command }, FLAGS);
    }
    runs.push(result);
  }
  return runs;
}

function delayFigures(runs) {
  const row = (what, unit, arm, pick, target) =>
    figure({
      part: 'delay',
      what: `${what}, ${arm} attach`,
      unit,
      values: runs.map((each) => pick(each[arm])),
      ...(target && { target, value: Math.max(...runs.map((each) => pick(each[arm]))) }),
    });
  const both = (what, unit, pick, target) => [
    row(what, unit, 'without', pick),
    row(what, unit, 'with', pick, target),
  ];
  return [
    ...both('longest gap less collections', 'ms', ({ beyondMillis }) => beyondMillis, TARGETS.beyondMillis),
    ...both(
      'the same by processor time of the main thread',
      'ms',
      ({ beyondCpuMillis }) => beyondCpuMillis,
      TARGETS.beyondMillis,
    ),
    ...both('longest gap', 'ms', ({ longestMillis }) => longestMillis),
    ...both('longest collection', 'ms', ({ collectionMillis }) => collectionMillis),
    ...both('answers', '', ({ answers }) => answers),
    ...both('failed requests', '', ({ errors }) => errors, TARGETS.errors),
  ];
}

/** Kills commands after a random time each, and looks whether the target listens afterwards. */
async function killed(node, count) {
  const target = spawn(node, [...FLAGS, '-e', IDLE], {
    env: programEnv(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  process.once('exit', () => target.kill('SIGKILL'));
  await once(target.stdout, 'data');
  const runs = [];
  for (let kill = 0; kill < count; kill++) {
    const afterMillis = Math.random() * LIFE_MILLIS;
    const command = spawn(process.execPath, [COMMAND, 'attach', `${target.pid}`, '--seconds', '1'], {
      stdio: 'ignore',
    });
    await sleep(afterMillis);
    command.kill('SIGKILL');
    const wasOpen = listens(target.pid);
    await sleep(CLOSED_MILLIS);
    runs.push({ afterMillis, wasOpen, isOpen: listens(target.pid) });
  }
  target.kill('SIGKILL');
  return runs;
}

/** Returns whether a process has a TCP port open. */
function listens(pid) {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((name) => socketOf(`/proc/${pid}/fd/${name}`)));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return rows.some(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode));
}

function socketOf(link) {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}
