// Loads a program, waits until it has finished, and prints the result of V8's sampling heap profiler: a JSON
// array of the call frames that hold at least 80 kB, each once, as the inspector returns them.
import inspector from 'node:inspector/promises';
import { pathToFileURL } from 'node:url';

const session = new inspector.Session();
session.connect();
await session.post('HeapProfiler.startSampling', { samplingInterval: 256 });
await import(pathToFileURL(process.argv[2]).href);
await globalThis.finished;
const { profile } = await session.post('HeapProfiler.getSamplingProfile');

const bytesOf = new Map();
const add = ({ callFrame, selfSize, children }) => {
  const key = JSON.stringify(callFrame);
  bytesOf.set(key, (bytesOf.get(key) ?? 0) + selfSize);
  for (const child of children) add(child);
};
add(profile.head);
const large = [...bytesOf].filter(([, bytes]) => bytes >= 80_000).map(([key]) => JSON.parse(key));
process.stdout.write(JSON.stringify(large));
