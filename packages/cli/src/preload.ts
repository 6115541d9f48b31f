// Module that `heapray run` loads into every Node process of a program, through NODE_OPTIONS.
import path from 'node:path';

/** Folder that collects captures, each process's in a folder of its own; null when they go to the home folder. */
const captures = new URL(import.meta.url).searchParams.get('captures');

if (captures !== null) process.env.HEAPRAY_HOME = path.join(captures, `${process.pid}`);
await import('@heapray/instrumentation/register');
