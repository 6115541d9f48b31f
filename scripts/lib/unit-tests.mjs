// Selects the test files of `npm test -- --unit`: they need no peers, start no other program, and take less than 5 s each.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './bootstrap.mjs';

/** Parts of the paths of tests that take more than 5 s of processor time each, mostly simulations. */
const LONG = [
  'test/fuzz/',
  'leaks/collections',
  'leaks/suspicion',
  'ledger/allocation-bias',
  'ledger/conservation',
  'memray/read/damage',
  'memray/heap/heap-pipeline',
  'pprof/decode-pprof',
  'metrics/thirty-days',
  'follow/growth',
  'follow/unreadable',
];
/** Modules that read the paths of the peers or start programs; tests that import one, directly or not, are left out. */
const OUTSIDE = ['manifest.ts', 'run-command.ts', 'start-node.ts'].map((name) =>
  path.join('test', 'support', name),
);

/** Returns paths of the unit tests, relative to the checkout; with arguments only those that contain one of them. */
export function unitTests(wanted = []) {
  const folders = [
    ...readdirSync(path.join(ROOT, 'packages')).map((name) => `packages/${name}/test`),
    'test',
  ];
  const files = folders.flatMap((folder) => testFiles(path.join(ROOT, folder)));
  const known = new Map();
  const isUnit = (file) => !LONG.some((part) => file.includes(part)) && !reachesOutside(file, known);
  const isWanted = (file) => wanted.length === 0 || wanted.some((part) => file.includes(part));
  return files.filter((file) => isWanted(file) && isUnit(file));
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
