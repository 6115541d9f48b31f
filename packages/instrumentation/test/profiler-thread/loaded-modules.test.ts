// Modules that the profiler thread loads at its start, by the imports in its source.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PACKAGES = fileURLToPath(new URL('../../../', import.meta.url));
const THREAD = path.join(PACKAGES, 'instrumentation/src/profiler-thread');
/** A static import or export of values. Biome writes types with `import type`. */
const STATIC = /^(?:import|export) (?!type )(?:[^'";]*? from )?'([^']+)';/gm;

/** Returns the modules of heapray that a file imports statically, itself included. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(STATIC)) {
    const found = resolved(name, file);
    if (found !== undefined) loadedBy(found, seen);
  }
  return seen;
}

function resolved(name: string, from: string): string | undefined {
  if (name.startsWith('#generated/')) return path.join(PACKAGES, 'exporter', name.slice(1));
  if (name.startsWith('@heapray/exporter/')) {
    return path.join(PACKAGES, 'exporter/src', name.slice('@heapray/exporter/'.length), 'index.ts');
  }
  return name.startsWith('.') ? path.join(path.dirname(from), name.replace(/\.js$/, '.ts')) : undefined;
}

const namesOf = (modules: Set<string>) => [...modules].map((file) => path.relative(PACKAGES, file));
const isPage = (name: string) => /^exporter\/(?:src\/page|generated\/page)/.test(name);
const isServer = (name: string) => /\/(?:server|overview|profiles)\/|exporter\/src\/http\//.test(name);

test('the thread starts without the debug server and the page', () => {
  const names = namesOf(loadedBy(path.join(THREAD, 'main.ts')));
  expect(names).toContain('instrumentation/src/profiler-thread/profiler.ts');
  expect(names.filter((name) => isPage(name) || isServer(name))).toEqual([]);
});

test.each(['server/debug-pages.ts', 'requests/profile-provider.ts', 'history-recorder.ts'])(
  'the debug server starts without the page: %s',
  (file) => {
    const modules = loadedBy(path.join(THREAD, file));
    expect([...modules].filter((each) => !existsSync(each))).toEqual([]);
    expect(namesOf(modules).filter(isPage)).toEqual([]);
  },
);

test('the page is found where it is imported', () => {
  expect(namesOf(loadedBy(path.join(PACKAGES, 'exporter/src/page/index.ts')))).toContain(
    'exporter/generated/page.js',
  );
});
