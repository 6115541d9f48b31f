// Runs rounds of known allocations for some time, then returns heapray's pprof profile of them, fetched from the debug
// server.
import http from 'node:http';
import { defineComponents } from '@heapray/instrumentation';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';
import { runRounds } from './run-rounds.mjs';

/** A traced component makes heapray sample finely and poll often; this one never runs, so it writes no capture. */
const NEVER_RUN = 'never-run';

const { workload, seconds, options, traced } = programOptions();
if (traced) defineComponents([NEVER_RUN]);
const profiling = await startProfiling('heapray', {
  ...options,
  ...(traced && { traceComponents: [NEVER_RUN] }),
  debugAddress: '127.0.0.1:0',
});
while (!profiling.debugAddress) await new Promise((resolve) => setTimeout(resolve, 10));
const rounds = await runRounds(workload, { seconds });
// Collect first: heapray's in-use values include garbage, but the truth is what is reachable.
globalThis.gc();
const profile = await get(`http://${profiling.debugAddress}/debug/pprof/allocs`);
answer({ rounds, profile: profile.toString('base64') });

function get(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, async (response) => {
      const chunks = await Array.fromAsync(response);
      if (response.statusCode === 200) resolve(Buffer.concat(chunks));
      else reject(new Error(`${url}: ${response.statusCode} ${Buffer.concat(chunks)}`));
    });
    request.on('error', reject);
  });
}
