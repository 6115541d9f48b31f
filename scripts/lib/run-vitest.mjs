// Runs vitest on the pinned Node. Prints its output, and takes its JSON results for the closing line.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CACHE, NODE, ROOT, runEnv } from './bootstrap.mjs';
import { groupMembers } from './process-group.mjs';
import { ended, killGroup, spawnGroup } from './run-command.mjs';

/** Runs the tests that the arguments name (default: all) and adds their results to the tally. */
export async function runVitest(args, tally) {
  const results = path.join(CACHE, `vitest-results.${process.pid}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const vitest = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawnGroup(NODE, [vitest, 'run', ...reporters, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: runEnv(),
  });
  const how = await ended(child);
  tally.add(countTests(results, how, tally.fail));
  rmSync(results, { force: true });
  await tally.step('no process is left behind', () => sweep(child.pid));
}

function countTests(file, how, fail) {
  const results = readResults(file);
  if (results === undefined) {
    fail(`vitest left no results: ${how}`);
    return { failed: 1 };
  }
  for (const test of failedTests(results)) fail(test);
  const failed = results.numFailedTests + brokenFiles(results).length;
  if (failed === 0 && how !== 0) fail(`vitest ended with ${how}, without a failed test`);
  return {
    passed: results.numPassedTests,
    // An error outside of any test changes only the exit status.
    failed: failed === 0 && how !== 0 ? 1 : failed,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/** Returns the results; undefined if there are none, or if vitest ended while writing them. */
function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Returns test files that failed without a failing test: they could not be loaded, or their hooks failed. */
function brokenFiles(results) {
  const isBroken = (file) =>
    file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed');
  return results.testResults.filter(isBroken);
}

/** Returns a line for each failed test and broken file: where it is, its title, and the first line of its message. */
function failedTests(results) {
  const lines = results.testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => describe(file, test.fullName, test.failureMessages[0])),
  );
  return [...lines, ...brokenFiles(results).map((file) => describe(file, 'not run', file.message))];
}

function describe(file, title, message = '') {
  return `${path.relative(ROOT, file.name)}: ${title}: ${message.split('\n', 1)[0]}`;
}

async function sweep(group) {
  const left = await groupMembers(group);
  killGroup(group);
  if (left.length > 0) throw new Error(`tests left processes behind: ${left.join('; ')}`);
}
