// Checks the packages as npm would publish them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LICENSE = readFileSync(path.join(ROOT, 'LICENSE'), 'utf8');

interface Manifest {
  readonly [field: string]: unknown;
  readonly keywords: readonly string[];
  readonly repository: unknown;
}

describe.each(['exporter', 'instrumentation', 'cli'])('packages/%s', (name) => {
  const folder = path.join(ROOT, 'packages', name);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

  test('has a manifest that publint accepts, suggestions included', async () => {
    const { messages } = await publint({ pkgDir: folder, level: 'suggestion', strict: true, pack: 'npm' });
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
  });

  test('says where it comes from and what it is for', () => {
    expect(manifest.keywords.length).toBeGreaterThan(3);
    expect(manifest.repository).toEqual({
      type: 'git',
      url: expect.stringMatching(/^git\+https:\/\/.*\.git$/),
      directory: `packages/${name}`,
    });
  });

  test('contains its README and the license, and neither tests nor sources', () => {
    const files = packedFiles(folder);
    expect(files).toContain('README.md');
    expect(files).toContain('LICENSE');
    expect(readFileSync(path.join(folder, 'LICENSE'), 'utf8')).toBe(LICENSE);
    expect(files.filter((file) => /^(src|test|bench)\/|\.tsbuildinfo$/.test(file))).toEqual([]);
  });
});

test('the root of the exporter has what its README uses, for import and for require', async () => {
  const imported = await import('@heapray/exporter');
  const required = createRequire(import.meta.url)('@heapray/exporter') as typeof imported;
  for (const entry of [imported, required]) {
    expect(entry).toMatchObject({
      encodePprofGzip: expect.any(Function),
      profileFromMemray: expect.any(Function),
      ProfileBuilder: expect.any(Function),
      topOf: expect.any(Function),
    });
  }
});

function packedFiles(folder: string): readonly string[] {
  const npm = path.join(path.dirname(process.execPath), 'npm');
  const command = existsSync(npm) ? npm : 'npm';
  const text = execFileSync(command, ['pack', '--dry-run', '--json'], { cwd: folder, encoding: 'utf8' });
  const [packed] = JSON.parse(text) as readonly { readonly files: readonly { readonly path: string }[] }[];
  return packed!.files.map((file) => file.path);
}
