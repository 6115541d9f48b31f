// Checks that @vercel/nft, which Next.js uses for `standalone`, finds everything that heapray needs, with the native binding.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeWithPeer } from '../support/peer-test.js';
import { project } from '../support/projects.js';
import { tempFolder } from '../support/temp-folder.js';
import { problems, runBuiltApp, runLine } from './support/tools-folder.js';

/** Copies what the tracer finds for a file of the project, to a place without other packages. */
async function traced(file: string): Promise<string> {
  const folder = path.join(tempFolder(), 'traced');
  mkdirSync(folder);
  await runLine(`node trace.mjs ${file} ${folder}`, project('build-tools'));
  return folder;
}

describeWithPeer('a copy of traced files', 'project-build-tools', () => {
  test.each(['app.mjs', 'app.cjs'])('of %s is profiled by the binding', async (file) => {
    const report = await runBuiltApp(file, await traced(file));
    expect({ mode: report.mode, problems: problems(report) }).toEqual({ mode: 'binding', problems: [] });
  });

  test('of the preload serves metrics and profiles', async () => {
    const folder = await traced('node_modules/@heapray/instrumentation/dist/register.js');
    const env = 'HEAPRAY_DEBUG_ADDR=127.0.0.1:0 OTEL_EXPORTER_PROMETHEUS_PORT=0';
    const app = `-e "setInterval(() => {}, 1e6); process.stderr.on('drain', () => {});"`;
    const wanted = 'until grep -q "metrics on" log && grep -q "memory profiles on" log; do sleep 0.1; done';
    const line = `${env} node --import @heapray/instrumentation/register ${app} 2>log & ${wanted}; kill $!; cat log`;
    const { stdout } = await runLine(line, folder);
    // The tracer leaves out source maps.
    const known =
      /^heapray: (?:memory profiles on|metrics on|source maps? of .* not used: .* does not exist$)/;
    const others = stdout.split('\n').filter((text) => text !== '' && !known.test(text));
    expect(others).toEqual([]);
  });

  test('distinguishes a missing binding from a package that is not installed', async () => {
    const folder = await traced('app.mjs');
    const pprof = path.join(folder, 'node_modules', '@datadog', 'pprof');
    rmSync(path.join(pprof, 'prebuilds'), { recursive: true });
    const withoutBinding = await runBuiltApp('app.mjs', folder);
    expect(withoutBinding.mode).toBe('inspector');
    expect(problems(withoutBinding)).toEqual([
      expect.stringMatching(/is installed in .*, but its native binding for .* was not found/),
    ]);
    rmSync(pprof, { recursive: true });
    const withoutPackage = await runBuiltApp('app.mjs', folder);
    expect(problems(withoutPackage)).toEqual([
      expect.stringMatching(/@datadog\/pprof, an optional dependency, is not installed$/),
    ]);
  });
});
