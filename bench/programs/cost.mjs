// Does a fixed number of turns of a workload, one every so many ms as a service does, and says what CPU time the whole
// process took: every thread of it, V8's included.
import { WORKLOADS } from '../workloads/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';

const { workload, mode, turns, everyMillis, chunks } = programOptions();
globalThis.profiling = await startProfiling(mode);
const chunk = workload === 'idle' ? () => {} : WORKLOADS[workload]();
/** Code is compiled and caches are filled before counting begins. */
const WARM_UP_TURNS = 100;
let done = 0;
let before;
let start;
const timer = setInterval(() => {
  if (done === WARM_UP_TURNS) {
    before = process.cpuUsage();
    start = performance.now();
  }
  for (let i = 0; i < chunks; i++) chunk();
  if (++done < WARM_UP_TURNS + turns) return;
  clearInterval(timer);
  const { user, system } = process.cpuUsage(before);
  answer({ cpuMillis: (user + system) / 1000, wallMillis: performance.now() - start });
}, everyMillis);
