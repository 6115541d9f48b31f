// Runs rounds of known allocations, then asks heapray's debug server what is in use: first as it is, then after forced
// collections. Both polls are of the same samples, so they differ only by garbage.
import http from 'node:http';
import { answer, programOptions } from './answer.mjs';
import { startProfiling } from './profiling.mjs';
import { runRounds } from './run-rounds.mjs';

/** Two forced collections: the first may keep objects that concurrent marking had already marked. */
const COLLECTIONS = 2;

const { workload, seconds, options } = programOptions();
const profiling = await startProfiling('heapray', { ...options, debugAddress: '127.0.0.1:0' });
while (!profiling.debugAddress) await new Promise((resolve) => setTimeout(resolve, 10));
await runRounds(workload, { seconds });
const url = `http://${profiling.debugAddress}/debug/pprof/heap`;
const estimate = await get(url);
const shownText = (await get(`${url}?debug=1`)).toString();
for (let i = 0; i < COLLECTIONS; i++) globalThis.gc();
await new Promise((resolve) => setTimeout(resolve, 300));
const truth = await get(url);
answer({ estimate: estimate.toString('base64'), truth: truth.toString('base64'), shownText });

function get(address) {
  return new Promise((resolve, reject) => {
    const request = http.get(address, async (response) => {
      const chunks = await Array.fromAsync(response);
      if (response.statusCode === 200) resolve(Buffer.concat(chunks));
      else reject(new Error(`${address}: ${response.statusCode} ${Buffer.concat(chunks)}`));
    });
    request.on('error', reject);
  });
}
