// Sorts the test files by what they need. Each kind is a project of vitest (vitest.config.ts) and an option of `npm test`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './bootstrap.mjs';

/** Parts of the paths of tests that take more than 5 s of processor time each. */
const LONG = [
  'test/fuzz/',
  'leaks/collections',
  'leaks/suspicion',
  'ledger/allocation-bias',
  'ledger/conservation',
  'memray/read/damage',
  'pprof/decode-pprof',
  'metrics/thirty-days',
  'follow/growth',
  'follow/unreadable',
];
/** Modules that read the paths of the peers or start programs; tests that import one, directly or not, are `peers`. */
const OUTSIDE = ['manifest.ts', 'run-command.ts', 'start-node.ts'].map((name) =>
  path.join('test', 'support', name),
);

/** The kinds, the quickest first. */
export const KINDS = ['unit', 'simulations', 'peers', 'e2e'];

/**
 * Returns the paths of all tests by kind, relative to the checkout:
 *
 * - `unit`: run in one process, less than 5 s each
 * - `simulations`: run in one process, longer
 * - `peers`: start other programs, most of them to compare with
 * - `e2e`: use the packed packages as a user does (test/e2e)
 */
export function testsByKind() {
  const folders = [
    ...readdirSync(path.join(ROOT, 'packages')).map((name) => `packages/${name}/test`),
    'test',
  ];
  const known = new Map();
  const tests = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (const file of folders.flatMap((folder) => testFiles(path.join(ROOT, folder)))) {
    tests[kindOf(file, known)].push(file);
  }
  return tests;
}

function kindOf(file, known) {
  if (file.startsWith(path.join('test', 'e2e'))) return 'e2e';
  if (reachesOutside(file, known)) return 'peers';
  return LONG.some((part) => file.includes(part)) ? 'simulations' : 'unit';
}

function testFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'));
  const paths = files.map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
  return paths.filter((file) => !file.startsWith(path.join('test', 'fixtures'))).sort();
}

/** Returns whether a module imports one of `OUTSIDE`. Follows imports of test code, not of the packages. */
function reachesOutside(file, known) {
  if (OUTSIDE.includes(file)) return true;
  if (known.has(file)) return known.get(file);
  known.set(file, false);
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const starts = /from 'node:child_process'/.test(text);
  const reaches = starts || importsOf(file, text).some((one) => reachesOutside(one, known));
  known.set(file, reaches);
  return reaches;
}

function importsOf(file, text) {
  const specifiers = [...text.matchAll(/(?:from |import\()'(\.[^']+\.js)'/g)].map(
    ([, specifier]) => specifier,
  );
  const files = specifiers.map((one) => path.join(path.dirname(file), one.replace(/\.js$/, '.ts')));
  return files.filter(
    (one) => !one.includes(`${path.sep}src${path.sep}`) && existsSync(path.join(ROOT, one)),
  );
}
