// Runs a measured program: a script of bench/programs on the measured Node, which takes one JSON argument and answers
// with one JSON line.
import path from 'node:path';
import { run } from '../../scripts/lib/run-command.mjs';

const PROGRAMS = path.join(import.meta.dirname, '..', 'programs');
/** Time that a program may take beyond its working time, in ms. */
const GRACE_MILLIS = 600_000;

export function programFile(name) {
  return path.join(PROGRAMS, `${name}.mjs`);
}

/**
 * Runs a program and returns its answer.
 *
 * @param env variables besides those of this process
 */
export async function runProgram(node, name, options, flags = [], env = {}) {
  const stdout = await run(node, [...flags, programFile(name), JSON.stringify(options)], {
    env: { ...programEnv(), ...env },
    timeoutMillis: 1000 * (options.seconds ?? 0) + GRACE_MILLIS,
  });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1));
}

/** Returns the environment without variables that could configure heapray or Node by chance. */
export function programEnv() {
  const foreign = /^(HEAPRAY_|AIRFLOW|OTEL_|NODE_OPTIONS$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
