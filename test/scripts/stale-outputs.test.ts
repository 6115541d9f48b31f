import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../support/temp-folder.js';
import { script } from './script.js';

const { removeStaleOutputs } = await script<{ removeStaleOutputs(folder: string): void }>(
  'stale-outputs.mjs',
);

test('removes compiled files without a source, and nothing else', () => {
  const folder = tempFolder();
  const files = [
    ...['src/a.ts', 'src/b/c.ts', 'src/d.cts'],
    ...['dist/a.js', 'dist/a.d.ts', 'dist/b/c.js', 'dist/d.cjs', 'dist/d.d.cts'],
    ...['dist/old.js', 'dist/old.d.ts', 'dist/b/a.js', 'dist/a.cjs'],
    ...['dist/cjs/old.js', 'dist/package.json'],
  ];
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
  removeStaleOutputs(folder);
  const left = readdirSync(path.join(folder, 'dist'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => /\.\w+$/.test(name)).sort()).toEqual(
    ['a.d.ts', 'a.js', 'b/c.js', 'cjs/old.js', 'd.cjs', 'd.d.cts', 'package.json'].sort(),
  );
});

test('does nothing before the first build', () => {
  expect(() => removeStaleOutputs(tempFolder())).not.toThrow();
});
