// Measures what exports of profiles cost the application: the delay of its event loop while profiles are sent once a second to a
// slow receiver, its memory while the receiver is down, and the main thread's time for a profile that code collects.
import { createServer } from 'node:http';
import { note } from '../scripts/lib/bootstrap.mjs';
import { figure } from './lib/figure.mjs';
import { rounds } from './lib/rounds.mjs';
import { runProgram } from './lib/run-program.mjs';
import { median } from './lib/statistics.mjs';

const FULL = { seconds: 30, repetitions: 5, minutes: 10, profiles: 40 };
const QUICK = { seconds: 6, repetitions: 1, minutes: 0.3, profiles: 5 };
/** Time after which the slow receiver answers, in ms. */
const ANSWER_MILLIS = 700;
const MEGABYTES = 100;
/** The goals: milliseconds of event-loop delay above that without exports, and growth of memory over the run. */
const TARGETS = { delayMillis: { atMost: 2 }, growthMib: { atMost: 8 } };
/** URL on which no receiver listens. */
const DOWN = 'http://127.0.0.1:1';

export async function run({ node, quick, minutes, parts, report }) {
  const plan = { ...(quick ? QUICK : FULL), ...(minutes && { minutes }) };
  const details = {};
  const wants = (part) => parts.length === 0 || parts.includes(part);
  if (wants('delay')) {
    details.delay = await delays(node, plan);
    report(delayFigures(details.delay));
  }
  if (wants('down')) {
    const seconds = 60 * plan.minutes;
    note(`exports: ${seconds} s with the receiver down`);
    details.down = await runProgram(node, 'exports', {
      seconds,
      megabytes: 20,
      receiver: DOWN,
      what: 'memory',
    });
    report(memoryFigures(details.down, plan));
  }
  if (wants('collect')) {
    const { profiles } = plan;
    details.collect = await runProgram(node, 'exports', {
      seconds: 10,
      megabytes: MEGABYTES,
      profiles,
      what: 'collect',
    });
    report(collectFigures(details.collect));
  }
  return { plan, ...details };
}

async function delays(node, { seconds, repetitions }) {
  const receiver = await slowReceiver();
  const runs = [];
  try {
    for (const order of rounds(['without', 'with'], repetitions)) {
      const result = {};
      for (const arm of order) {
        note(`exports: ${seconds} s ${arm} exports`);
        const url = arm === 'with' ? receiver.url : undefined;
        result[arm] = await runProgram(node, 'exports', {
          seconds,
          megabytes: MEGABYTES,
          receiver: url,
          what: 'delay',
        });
      }
      runs.push({ ...result, received: receiver.take() });
    }
  } finally {
    receiver.close();
  }
  return runs;
}

/** Starts a receiver of OTLP that accepts everything, late. */
async function slowReceiver() {
  let received = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      received++;
      setTimeout(() => response.end(), ANSWER_MILLIS);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    take() {
      const count = received;
      received = 0;
      return count;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function delayFigures(runs) {
  const part = 'delay';
  const more = runs.map((run) => run.with.p99 - run.without.p99);
  return [
    figure({
      part,
      what: 'profiles received in a run',
      unit: '',
      values: runs.map(({ received }) => received),
    }),
    figure({ part, what: 'p99 without exports', unit: 'ms', values: runs.map((run) => run.without.p99) }),
    figure({ part, what: 'p99 with exports', unit: 'ms', values: runs.map((run) => run.with.p99) }),
    figure({ part, what: 'p99 more with exports', unit: 'ms', values: more, target: TARGETS.delayMillis }),
  ];
}

/** Compares the last third of the run with the one before it: at first, memory is warming up. */
function memoryFigures({ resident, queued }, { minutes }) {
  const third = Math.floor(resident.length / 3);
  const before = median(resident.slice(third, 2 * third));
  const after = median(resident.slice(2 * third));
  const part = `down, ${minutes} min`;
  return [
    figure({ part, what: 'resident memory at the end', unit: 'MiB', values: [after] }),
    figure({
      part,
      what: 'growth in the last third',
      unit: 'MiB',
      values: [after - before],
      target: TARGETS.growthMib,
    }),
    figure({ part, what: 'profiles dropped or refused', unit: '', values: [queued] }),
  ];
}

function collectFigures({ collect, decode, samples }) {
  const part = 'collect';
  return [
    figure({ part, what: 'samples of the profile', unit: '', values: [samples] }),
    figure({ part, what: 'main thread, to collect it', unit: 'ms', values: collect }),
    figure({ part, what: 'main thread, to decode it from pprof', unit: 'ms', values: decode }),
  ];
}
