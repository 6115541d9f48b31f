// The checks that run no tests: types of the test code and of the page, format and lint rules.
import path from 'node:path';
import { NODE, note, ROOT, runEnv } from './bootstrap.mjs';
import { run } from './run-command.mjs';

/** Type-checks the test code, and the code of the page, which runs in browsers. */
export async function checkTypes() {
  await onNode(['node_modules', 'typescript', 'bin', 'tsc'], ['-p', 'test']);
  await onNode(['node_modules', 'typescript', 'bin', 'tsc'], ['-p', 'packages/exporter/page']);
}

/** Checks format, lint and the folder rules. */
export async function checkStyle() {
  const output = await onNode(['node_modules', '@biomejs', 'biome', 'bin', 'biome'], ['check']);
  // Warnings do not fail the run, so print them.
  if (/Found \d+ warning/.test(output)) note(output.trim());
}

async function onNode(script, args) {
  return run(NODE, [path.join(ROOT, ...script), ...args], { env: runEnv() });
}
