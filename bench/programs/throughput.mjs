// Works in turns: for every line on stdin it runs that many chunks of a workload, or takes a profile, and answers with the
// cost. Between turns it does nothing, so that the arms of a comparison can run side by side without affecting each other.
import readline from 'node:readline';
import { INLINED_WORKLOADS, WORKLOADS } from '../workloads/index.mjs';
import { programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';
import { ownYoungGeneration } from './young-generation.mjs';

const { workload, mode } = programOptions();
ownYoungGeneration();
globalThis.profiling = await startProfiling(mode);
const chunk = { ...WORKLOADS, ...INLINED_WORKLOADS }[workload]();

for await (const line of readline.createInterface({ input: process.stdin })) {
  const cost = line === 'profile' ? await costOf(globalThis.profiling.takeProfile) : await turn(Number(line));
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}
process.exit(0);

function turn(chunks) {
  return costOf(async () => {
    for (let done = 0; done < chunks; done++) {
      chunk();
      // Let the event loop turn now and then, as in a server.
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

/** Returns the CPU time of the whole process, because the threads of the profiler and the collector work on other cores. */
async function costOf(work) {
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  await work();
  const wall = performance.now() - wallBefore;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpu: (user + system) / 1000, wall };
}
