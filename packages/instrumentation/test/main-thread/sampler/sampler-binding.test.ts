// The native binding of @datadog/pprof: it is loaded where it works, and otherwise the problem is identified.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { loadSamplerBinding } from '../../../src/main-thread/sampler/sampler-binding.js';

const BINDINGS = 'out/src/heap-profiler-bindings.js';

/** Returns a file in a folder whose node_modules contain these files of @datadog/pprof. */
function installed(files: Record<string, string>): string {
  const folder = tempFolder();
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, 'node_modules/@datadog/pprof', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return path.join(folder, 'app.js');
}

const problemOf = (file: string) => {
  const loaded = loadSamplerBinding([file]);
  return 'problem' in loaded ? loaded.problem : undefined;
};

test('loads the installed binding', () => {
  const file = installed({
    'package.json': '{}',
    [BINDINGS]: 'exports.startSamplingHeapProfiler = () => {};',
  });
  expect(loadSamplerBinding([path.join(tempFolder(), 'bundle.js'), file]).binding).toBeDefined();
});

test('reports that the package is not installed', () => {
  expect(problemOf(installed({}))).toBe('@datadog/pprof, an optional dependency, is not installed');
});

test.each([
  ['no native file for this system', "throw new Error('No native build was found for platform=x')"],
  ['none of its JavaScript', undefined],
])('says that the binding was not found in a package with %s', (_, script) => {
  const rest: Record<string, string> = script === undefined ? {} : { [BINDINGS]: script };
  const file = installed({ 'package.json': '{}', ...rest });
  expect(problemOf(file)).toMatch(
    /^@datadog\/pprof is installed in .*pprof, but its native binding for \w+-\w+ and Node ABI \d+ was not found: /,
  );
});

test('reports that the binding is missing in a package without its package.json', () => {
  expect(problemOf(installed({ LICENSE: '' }))).toContain('is installed in');
});

test('reports why a binding cannot be loaded', () => {
  const script = "throw new Error('x.node: invalid ELF header')";
  expect(problemOf(installed({ 'package.json': '{}', [BINDINGS]: script }))).toMatch(
    /but its native binding cannot be loaded: x\.node: invalid ELF header$/,
  );
});
