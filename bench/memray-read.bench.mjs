// Compares how fast `heapray stats` and `memray stats` read captures, and how much memory they take.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { median } from './lib/statistics.mjs';
import { readers } from './memray/commands.mjs';
import { compress } from './memray/compressed.mjs';
import { writeLongCapture } from './memray/long-capture.mjs';

const GOLDEN = path.join(ROOT, 'test', 'golden');
const AIRFLOW = path.join(GOLDEN, 'airflow', 'dag_processor_memory.bin');
const DETAILED = path.join(GOLDEN, 'memray', 'pymalloc.v13.bin');
/** A capture that takes no time to read: a run on it measures start-up. */
const TINY = path.join(GOLDEN, 'memray', 'synthetic', 'node-demo.v13.bin');
const MIB = 2 ** 20;
const LIVE = 100_000;
const CASES = { airflow: AIRFLOW, detailed: DETAILED };
const ARMS = ['memray', 'heapray'];
/** Applies to wall-clock time, which a user waits for. User time shows how much of it other programs may have cost. */
const TARGET = { atLeast: 3 };
const CLOCKS = { wall: 'by the clock (judged)', user: 'by user time' };
const RESIDENT_TARGET = { atMost: 300 };

export async function run({ node, quick, parts, report }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'heapray-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const read = await readers(node);
  const count = quick ? 1 : 5;
  const wanted = (part) => parts.length === 0 || parts.includes(part);
  const startUp = await compare(read, TINY, count);
  report(startUpFigures(startUp));
  const details = { startUp };
  for (const [name, source] of Object.entries(CASES)) {
    if (wanted(name))
      details[name] = await measureCase({ name, source, folder, read, count, quick, startUp, report });
  }
  if (wanted('resident')) details.resident = await measureResident({ folder, read, quick, report });
  rmSync(folder, { recursive: true, force: true });
  return details;
}

/** Measures both readers on the same file, in turns. */
async function compare(read, file, count) {
  const costs = { memray: [], heapray: [] };
  for (const order of rounds(ARMS, count)) {
    for (const arm of order) costs[arm].push(await read[arm](file));
  }
  return costs;
}

async function measureCase({ name, source, folder, read, count, quick, startUp, report }) {
  const raw = path.join(folder, `${name}.bin`);
  const written = writeLongCapture({ source, file: raw, streamBytes: (quick ? 20 : 200) * MIB, live: LIVE });
  const lz4 = path.join(folder, `${name}.lz4.bin`);
  await compress(raw, lz4);
  const details = { written };
  for (const [kind, file] of Object.entries({ raw, lz4 })) {
    const costs = await compare(read, file, count);
    details[kind] = costs;
    report(caseFigures(`${name}, ${kind}`, costs, startUp));
  }
  rmSync(raw);
  rmSync(lz4);
  return details;
}

function startUpFigures(costs) {
  return ARMS.map((arm) =>
    figure({
      part: 'start-up',
      what: `${arm} stats, wall`,
      unit: 's',
      values: costs[arm].map(({ wall }) => wall),
    }),
  );
}

function caseFigures(part, costs, startUp) {
  const times = ARMS.flatMap((arm) =>
    ['wall', 'user'].map((clock) =>
      figure({
        part,
        what: `${arm} stats, ${clock}, whole`,
        unit: 's',
        values: costs[arm].map((cost) => cost[clock]),
      }),
    ),
  );
  const ratio = (clock, target) => {
    const base = Object.fromEntries(
      ARMS.map((arm) => [arm, median(startUp[arm].map((cost) => cost[clock]))]),
    );
    // Compare round by round, because the speed of a machine drifts.
    const values = costs.memray.map(
      (cost, round) => (cost[clock] - base.memray) / (costs.heapray[round][clock] - base.heapray),
    );
    return figure({
      part,
      what: `times as fast as memray, ${CLOCKS[clock]}, without start-up`,
      unit: '',
      values,
      target,
    });
  };
  return [...times, ratio('wall', TARGET), ratio('user')];
}

/** Measures peak memory on a long stream that leaves a million allocations alive. */
async function measureResident({ folder, read, quick, report }) {
  const file = path.join(folder, 'resident.bin');
  const streamBytes = (quick ? 100 : 1024) * MIB;
  const written = writeLongCapture({ source: AIRFLOW, file, streamBytes, live: 1_000_000 });
  const costs = { memray: [await read.memray(file)], heapray: [await read.heapray(file)] };
  report(
    ARMS.map((arm) =>
      figure({
        part: `resident memory, ${Math.round(written.bytes / MIB)} MiB, a million alive`,
        what: `${arm} stats`,
        unit: 'MiB',
        values: costs[arm].map(({ residentMiB }) => residentMiB),
        ...(arm === 'heapray' && { target: RESIDENT_TARGET }),
      }),
    ),
  );
  rmSync(file);
  return { written, costs };
}
