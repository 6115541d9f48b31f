import fs from 'node:fs/promises';
import path from 'node:path';

/** The traced components of the service. */
export const COMPONENTS = ['api', 'scheduler', 'dag_processor'];

const HEAP = 'heap.pb.gz';
const METRICS = 'metrics.txt';
const SUMMARY = 'summary.json';
const FLAMEGRAPH = 'flamegraph.html';
const DIFF = 'diff.html';
/** The files that every demo writes, apart from captures. */
const FILES = [HEAP, METRICS, SUMMARY, FLAMEGRAPH, DIFF];
/** Matches captures, and renamed captures of the same components. */
const CAPTURE = new RegExp(`^(${COMPONENTS.join('|')})_memory(\\.[^/]+)?\\.bin$`);

/** Returns the paths of the demo's output. */
export function pathsIn(folder) {
  return {
    folder,
    heap: path.join(folder, HEAP),
    metrics: path.join(folder, METRICS),
    summary: path.join(folder, SUMMARY),
    flamegraph: path.join(folder, FLAMEGRAPH),
    diff: path.join(folder, DIFF),
    capture: (component) => path.join(folder, `${component}_memory.bin`),
  };
}

/** Makes the folder and removes the output of earlier demos, nothing else. */
export async function emptyFolder(folder) {
  await fs.mkdir(folder, { recursive: true });
  for (const name of await fs.readdir(folder)) {
    const ours = FILES.includes(name) || CAPTURE.test(name);
    if (ours) await fs.rm(path.join(folder, name));
  }
}

/**
 * Returns the memray format of a capture.
 *
 * @throws when the file is not a capture
 */
export async function captureFormat(file) {
  const bytes = await fs.readFile(file);
  if (bytes.toString('latin1', 0, 6) !== 'memray') throw new Error(`${file} is not a memray capture`);
  return bytes.readUInt32LE(7);
}
