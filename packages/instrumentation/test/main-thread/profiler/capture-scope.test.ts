// Captures of two components of one process, by what belongs to each. Node 22 keeps asynchronous contexts by other means.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MemrayAnalyzer } from '@heapray/exporter/memray';
import { expect } from 'vitest';
import { peerTest } from '../../../../../test/support/peer-test.js';
import { tempFolder } from '../../../../../test/support/temp-folder.js';
import { runProgram } from '../../support/profiled-program.js';

interface Printed {
  readonly truth: Readonly<Record<string, number>>;
  readonly shared: { readonly importer: number; readonly mailer: number };
}

/** Reads a capture: bytes at its end by function, callees included, and its command line. */
function read(file: string) {
  const analyzer = new MemrayAnalyzer();
  analyzer.push(readFileSync(file));
  analyzer.end();
  const bytes = new Map<string, number>();
  for (const record of analyzer.leaks()) {
    const names = new Set(analyzer.locations(record).map(({ functionName }) => functionName));
    for (const name of names) bytes.set(name, (bytes.get(name) ?? 0) + record.bytes);
  }
  return { bytes: (name: string) => bytes.get(name) ?? 0, commandLine: analyzer.header?.commandLine };
}

for (const line of ['22', '24'] as const) {
  peerTest(`Node ${line}: captures have only what belongs to their component`, `node-${line}`, async () => {
    const home = tempFolder();
    const { status, stdout, stderr } = await runProgram({
      program: ['two-components.mjs'],
      line,
      plain: true,
      env: {
        HEAPRAY_TRACE_COMPONENTS: 'importer,mailer',
        HEAPRAY_SAMPLING_INTERVAL: '2048',
        HEAPRAY_TRACED_SAMPLING_INTERVAL: '2048',
        HEAPRAY_ACCURATE_STACKS: 'true',
        HEAPRAY_HOME: home,
      },
    });
    expect({ status, warnings: stderr.match(/^(?:warn|error): .*/gm) }).toEqual({
      status: 0,
      warnings: null,
    });
    const { truth, shared } = JSON.parse(stdout) as Printed;
    const importer = read(path.join(home, 'importer_memory.bin'));
    const mailer = read(path.join(home, 'mailer_memory.bin'));
    const shares = (capture: typeof importer) =>
      Object.fromEntries(Object.entries(truth).map(([name, bytes]) => [name, capture.bytes(name) / bytes]));
    // Precisions as powers of ten: within 16 %, and below 2.5 %.
    const own = expect.closeTo(1, 0.5);
    const none = expect.closeTo(0, 1.3);
    expect(shares(importer)).toEqual({
      importNow: own,
      importLater: own,
      importByTimer: own,
      mailNow: none,
      mailLater: none,
      serve: none,
    });
    expect(shares(mailer)).toEqual({
      importNow: none,
      importLater: none,
      importByTimer: none,
      mailNow: own,
      mailLater: own,
      serve: none,
    });
    // The helper is divided by how often it was seen to run for each. Halves would be 25 % off for the importer.
    const both = importer.bytes('buildRows') + mailer.bytes('buildRows');
    const ofBoth = shared.importer + shared.mailer;
    expect(both / ofBoth).toBeCloseTo(1, 0.2);
    expect((importer.bytes('buildRows') / both) * (ofBoth / shared.importer)).toBeCloseTo(1, 0.35);
    expect((mailer.bytes('buildRows') / both) * (ofBoth / shared.mailer)).toBeCloseTo(1, 0);
    for (const { commandLine } of [importer, mailer])
      expect(commandLine).toMatch(/; scope: component, [ \d]+\.\d % of the process unassigned; /);
    expect(stderr).toMatch(/capture of component mailer: \d+\.\d % of what the process allocated/);
  });
}
