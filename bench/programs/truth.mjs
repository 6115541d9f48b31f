// The same rounds as accuracy.mjs under V8's own full account: with these flags its sampler keeps the samples
// of collected objects too. They cost memory for ever, so heapray cannot use them.
import { Session } from 'node:inspector';
import { answer, programOptions } from './answer.mjs';
import { runRounds } from './run-rounds.mjs';
import { SITES } from './three-sites.mjs';

const { seconds, samplingInterval } = programOptions();
const session = new Session();
session.connect();
session.post('HeapProfiler.startSampling', {
  samplingInterval,
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
});
const rounds = await runRounds(seconds);
session.post('HeapProfiler.getSamplingProfile', (error, { profile }) => {
  if (error) throw error;
  answer({ rounds, bytes: bytesBySite(profile.head) });
});

function bytesBySite(head) {
  const bytes = Object.fromEntries([...SITES, 'rest'].map((site) => [site, 0]));
  const walk = (node, callerSite) => {
    const { functionName } = node.callFrame;
    const site = SITES.includes(functionName) ? functionName : callerSite;
    bytes[site] += node.selfSize;
    for (const child of node.children) walk(child, site);
  };
  walk(head, 'rest');
  return bytes;
}
