// Runs the same rounds as accuracy.mjs under V8's own sampler, by function. For everything allocated, flags make the sampler
// keep the samples of collected objects; that memory is never freed, so heapray cannot use the flags. For what is in use, it
// runs without the flags, at a small interval; the inspector collects before it answers.
import { Session } from 'node:inspector';
import { ALLOCATORS } from '../allocators/index.mjs';
import { answer, programOptions } from './answer.mjs';
import { runRounds } from './run-rounds.mjs';

const { workload, inUse, seconds, rounds, samplingInterval } = programOptions();
const { SITES } = ALLOCATORS[workload];
const session = new Session();
session.connect();
session.post('HeapProfiler.startSampling', {
  samplingInterval,
  includeObjectsCollectedByMajorGC: !inUse,
  includeObjectsCollectedByMinorGC: !inUse,
});
const done = await runRounds(workload, { seconds, rounds });
session.post('HeapProfiler.getSamplingProfile', (error, { profile }) => {
  if (error) throw error;
  answer({ rounds: done, bytes: bytesBySite(profile.head) });
});

function bytesBySite(head) {
  const bytes = Object.fromEntries([...SITES, 'rest'].map((site) => [site, 0]));
  // Walk with a list, because stacks are deeper than a recursion may be.
  const open = [[head, 'rest']];
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, callerSite] = next;
    const { functionName } = node.callFrame;
    const site = SITES.includes(functionName) ? functionName : callerSite;
    bytes[site] += node.selfSize;
    for (const child of node.children) open.push([child, site]);
  }
  return bytes;
}
