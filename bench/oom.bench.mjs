// Measures what is on disk when a process dies of out of memory, and whether it dies as without heapray. Also the cost of the
// watch while every limit is far.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { note } from '../scripts/lib/bootstrap.mjs';
import { spawnGroup } from '../scripts/lib/run-command.mjs';
import { figure } from './lib/figure.mjs';
import { memoryGroup } from './lib/memory-group.mjs';
import { rounds } from './lib/rounds.mjs';
import { programEnv, programFile, runProgram } from './lib/run-program.mjs';

const RUNS = 20;
const QUICK_RUNS = 2;
/** Ways to die. The heap's limit is smaller for the slow leak, so that a run takes seconds. */
const DEATHS = {
  'heap-20': { kind: 'heap', megabytesPerSecond: 20, flags: ['--max-old-space-size=64'] },
  'heap-200': { kind: 'heap', megabytesPerSecond: 200, flags: ['--max-old-space-size=256'] },
  'small-heap': { kind: 'heap', megabytesPerSecond: 20, flags: ['--max-old-space-size=32'] },
  cgroup: { kind: 'buffers', megabytesPerSecond: 200, flags: [], groupBytes: 400 * 2 ** 20 },
};
const MAX_AGE_SECONDS = 1;
/** The function that leaks; the optimizer may have inlined its helper. */
const LEAK = /\b(leakForever|numbers)\b/;
const GUARD = { workload: 'json', everyMillis: 20 };
/** With a heap limit this small, V8 is asked for its use some ten times a second. */
const GUARD_FLAGS = { 'no limit near': [], 'small heap': ['--max-old-space-size=256'] };

export async function run({ node, quick, parts, rounds: asked, report }) {
  const count = asked ?? (quick ? QUICK_RUNS : RUNS);
  const details = {};
  const isWanted = (part) => parts.length === 0 || parts.includes(part);
  for (const [part, death] of Object.entries(DEATHS)) {
    if (!isWanted(part)) continue;
    const result = await dieOften(node, part, death, count);
    details[part] = result;
    if (result) report(deathFigures(part, death, result));
  }
  if (isWanted('guard')) details.guard = await guard(node, quick, report);
  return details;
}

async function dieOften(node, part, { groupBytes, ...death }, count) {
  const group = groupBytes && memoryGroup(`heapray-bench-${process.pid}`, groupBytes);
  if (groupBytes && !group) return note('oom: no control group can be made here, cgroup is left out');
  note(`oom: ${part}, ${count} runs, and one without heapray`);
  try {
    const command = [...(group?.enter ?? []), node];
    const plain = await die(command, { ...death, mode: 'none' });
    const runs = [];
    for (let i = 0; i < count; i++) runs.push(await die(command, { ...death, mode: 'heapray' }));
    return { plain, runs };
  } finally {
    group?.remove();
  }
}

/** Runs the program to its end. Returns how it ended, and what it left on disk. */
async function die([command, ...before], { flags, ...options }) {
  const home = mkdtempSync(path.join(os.tmpdir(), 'heapray-oom-'));
  try {
    const args = [...before, ...flags, programFile('oom'), JSON.stringify({ ...options, home })];
    const child = spawnGroup(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: programEnv() });
    let stderr = '';
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const closed = new Promise((resolve) => child.once('close', resolve));
    const end = await new Promise((resolve) => {
      child.once('exit', (status, signal) => resolve({ status, signal, atMillis: Date.now() }));
    });
    await closed;
    const fatal = stderr
      .split('\n')
      .filter((line) => line.includes('FATAL'))
      .map(withoutCause);
    return { status: end.status, signal: end.signal, fatal, ...left(home, end.atMillis) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** V8 gives up for one of several causes, which differ from run to run. */
const withoutCause = (line) => line.replace(/^FATAL ERROR: .* (Allocation failed)/, 'FATAL ERROR: $1');

function left(home, diedMillis) {
  const [profile, text] = ['bench_oom.pb.gz', 'bench_oom.txt'].map((name) => path.join(home, name));
  if (!existsSync(profile) || !existsSync(text)) return { ageSeconds: Number.NaN, text: undefined };
  return {
    ageSeconds: (diedMillis - statSync(profile).mtimeMs) / 1000,
    text: readFileSync(text, 'utf8'),
  };
}

/** Returns the largest call site according to the table of the text. */
function largest(text) {
  const lines = text?.split('\n') ?? [];
  const total = lines.findIndex((line) => line.endsWith(' total'));
  return lines[total + 1] ?? '';
}

function deathFigures(part, { kind }, { plain, runs }) {
  const share = (what, holds) =>
    figure({
      part,
      what,
      unit: '%',
      values: [(100 * runs.filter(holds).length) / runs.length],
      target: { atLeast: 100 },
    });
  const ages = runs.map(({ ageSeconds }) => ageSeconds).filter((age) => !Number.isNaN(age));
  const sameEnd = ({ status, signal, fatal }) =>
    JSON.stringify([status, signal, fatal]) === JSON.stringify([plain.status, plain.signal, plain.fatal]);
  return [
    share('runs with a profile on disk', ({ text }) => text !== undefined),
    figure({
      part,
      what: 'its age at the end of the process, worst of the runs',
      unit: 's',
      values: ages,
      value: ages.reduce((most, age) => Math.max(most, age), 0),
      target: { atMost: MAX_AGE_SECONDS },
    }),
    ...(kind === 'heap' ? [share('runs with the leak on top', ({ text }) => LEAK.test(largest(text)))] : []),
    share('runs with the status, signal and message of a run without heapray', sameEnd),
  ];
}

/** Compares the CPU time of a process with the watch and without it, while every limit is far. */
async function guard(node, quick, report) {
  const plan = { ...GUARD, times: [{ fromMillis: 2_000, toMillis: quick ? 6_000 : 17_000 }] };
  const all = {};
  for (const [name, flags] of Object.entries(GUARD_FLAGS)) {
    note(`oom: guard, ${name}`);
    const runs = [];
    for (const order of rounds(['off', 'again', 'on'], quick ? 2 : 9)) {
      const result = {};
      for (const arm of order) {
        const options = { oomProfile: arm === 'on' ? 'on' : 'off' };
        const { measured } = await runProgram(node, 'cost', { ...plan, mode: 'heapray', options }, flags);
        const [{ cpuMillis, wallMillis }] = measured;
        result[arm] = (100 * cpuMillis) / wallMillis;
      }
      runs.push(result);
    }
    all[name] = runs;
    const part = `guard, ${name}`;
    const unit = '% of a core';
    report([
      figure({ part, what: 'A/A control', unit, values: runs.map(({ off, again }) => again - off) }),
      figure({ part, what: 'with the watch', unit, values: runs.map(({ off, on }) => on - off) }),
    ]);
  }
  return all;
}
