// Measures what profiling at the defaults costs the application.
import { measureAccurateStacks } from './overhead/accurate-stacks.mjs';
import { measureCollections } from './overhead/collections.mjs';
import { measurePauses } from './overhead/pauses.mjs';
import { measureResident } from './overhead/resident.mjs';
import { measureThroughput } from './overhead/throughput.mjs';

const PARTS = {
  throughput: measureThroughput,
  pauses: measurePauses,
  collections: measureCollections,
  resident: measureResident,
  'accurate-stacks': measureAccurateStacks,
};

export async function run(context) {
  const details = {};
  for (const [name, measure] of Object.entries(PARTS)) {
    if (context.parts.length > 0 && !context.parts.includes(name)) continue;
    details[name] = await measure(context);
  }
  return details;
}
