// Module that `heapray run` loads into every Node process of a program, through NODE_OPTIONS.
import path from 'node:path';

const parameters = new URL(import.meta.url).searchParams;
/** Folder that collects captures, each process's in a folder of its own; null when they go to the home folder. */
const captures = parameters.get('captures');

if (captures !== null) process.env.HEAPRAY_HOME = path.join(captures, `${process.pid}`);
if (parameters.has('native')) {
  const { passToNodeChildren } = await import('./run/node-children.js');
  // Before heapray takes jemalloc out of the environment.
  passToNodeChildren();
}
await import('@heapray/instrumentation/register');
