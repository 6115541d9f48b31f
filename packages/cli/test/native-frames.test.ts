// Machine code in captures of `memray run --native`: all tools that look up the function of a frame must agree.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodePprof } from '@heapray/exporter/pprof';
import type { Profile, ProfileFrame } from '@heapray/exporter/profile';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../test/support/peer-test.js';
import { binutils, googlePprof, goPprof, memray } from '../../../test/support/peers.js';
import { pollUntil } from '../../../test/support/poll.js';
import { runCommand } from '../../../test/support/run-command.js';
import { tempFolder } from '../../../test/support/temp-folder.js';
import { MEMRAY_OF } from './support/captures.js';
import { heapray } from './support/loaded-heapray.js';
import { CAN_BUILD, HOLDERS, writeNativeProgram } from './support/native-program.js';
import { startWatch } from './watch/support/start-watch.js';

/** Prints memray's names of native stacks for the largest allocations, innermost first. */
const LARGEST = `
import json, sys
from memray import FileReader
records = FileReader(sys.argv[1], report_progress=False).get_leaked_allocation_records(merge_threads=True)
largest = sorted(records, key=lambda record: -record.size)
print(json.dumps([[r.size, [f[0] for f in r.native_stack_trace()]] for r in largest[:${HOLDERS.length}]]))
`;

/** Returns the samples of a symbolized pprof, the largest in use first, frames innermost first. */
function largestStacks(profile: Profile): { bytes: number; names: string[]; frames: ProfileFrame[] }[] {
  const column = profile.columns.findIndex(({ type }) => type === 'inuse_space');
  const samples = Array.from({ length: profile.sampleCount }, (_, sample) => {
    const frames = [...profile.frames(profile.stackOf(sample))];
    return { bytes: profile.value(sample, column), names: frames.map((f) => f.functionName), frames };
  });
  return samples.sort((a, b) => b.bytes - a.bytes).slice(0, HOLDERS.length);
}

const WANTED = HOLDERS.map(({ bytes, name }) => [bytes, name]);

describe.runIf(CAN_BUILD).each([13, 12, 11])('a native capture of format %d', (format) => {
  const peers = [`memray-${MEMRAY_OF[format]!}`, 'go-pprof', 'google-pprof', 'binutils'] as const;
  describeWithPeer('the ten largest stacks', peers, () => {
    const folder = tempFolder();
    const python = () => path.join(path.dirname(memray(MEMRAY_OF[format]!)), 'python');
    let profile: Profile;
    let ofMemray: [number, string[]][] = [];

    beforeAll(async () => {
      await writeNativeProgram(folder);
      const run = ['-m', 'memray', 'run', '--quiet', '--native', '-o', 'native.bin', 'native.py'];
      const { status, stderr } = await runCommand(python(), run, { cwd: folder });
      expect(status, stderr).toBe(0);
      const convert = ['convert', 'native.bin', '-o', 'native.pb.gz'];
      expect(await heapray(convert, { cwd: folder })).toMatchObject({ status: 0 });
      profile = decodePprof(readFileSync(path.join(folder, 'native.pb.gz')));
      const asked = await runCommand(python(), ['-c', LARGEST, 'native.bin'], { cwd: folder });
      expect(asked.status, asked.stderr).toBe(0);
      ofMemray = JSON.parse(asked.stdout) as [number, string[]][];
    });

    test('memray names the allocating functions', () => {
      expect(ofMemray.map(([bytes, names]) => [bytes, names[0]])).toEqual(WANTED);
    });

    test('addr2line has the same names', async () => {
      const leaves = largestStacks(profile).map(({ bytes, frames }) => ({ bytes, frame: frames[0]! }));
      const names = leaves.map(async ({ bytes, frame }) => [bytes, await addr2line(folder, frame)]);
      expect(await Promise.all(names)).toEqual(WANTED);
    });

    test('heapray has the same names, and all Python frames that memray names', async () => {
      const { status, stdout } = await heapray(
        ['convert', 'native.bin', '-o', '-', '--to', 'folded', '--by', 'leaked'],
        { cwd: folder },
      );
      expect(status).toBe(0);
      const stacks = stdout
        .trim()
        .split('\n')
        .map((line) => {
          const end = line.lastIndexOf(' ');
          const names = line
            .slice(0, end)
            .split(';')
            .map((name) => name.replace(/ \([^()]*\)$/, ''));
          return { bytes: Number(line.slice(end)), names: names.reverse() };
        });
      const largest = stacks.sort((a, b) => b.bytes - a.bytes).slice(0, HOLDERS.length);
      expect(largest.map(({ bytes, names }) => [bytes, names[0]])).toEqual(WANTED);
      for (const [at, { names }] of largest.entries()) {
        // Inlined functions are only in debug information.
        const ofPython = ofMemray[at]![1].filter((name) =>
          /^(?:Py_BytesMain|Py_RunMain|PyEval_EvalCode|_start)$/.test(name),
        );
        expect(names).toEqual(expect.arrayContaining(ofPython));
      }
    });

    test('heapray watch has the same names', async () => {
      const { url } = await startWatch(['native.bin'], { cwd: folder });
      const body = await pollUntil(
        async () => {
          const response = await fetch(`${url}/debug/pprof/heap`);
          return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
        },
        { what: 'a profile' },
      );
      const leaves = largestStacks(decodePprof(body)).map(({ bytes, names }) => [bytes, names[0]]);
      const wanted = HOLDERS.map(({ bytes, name, library }) => [bytes, `${name} (lib${library}.so)`]);
      expect(leaves).toEqual(wanted);
    });

    // Only one format, because these tools read all of Python's DWARF, which takes long.
    if (format !== 13) return;

    test('go tool pprof has the same names', async () => {
      const written = await lookedUp(folder, (args) => goPprof(args, { cwd: folder }));
      expect(largestStacks(written).map(({ bytes, names }) => [bytes, names[0]])).toEqual(WANTED);
    });

    test('github.com/google/pprof has the same names, and all Python frames that memray names', async () => {
      const stacks = largestStacks(await lookedUp(folder, (args) => googlePprof(args, folder)));
      expect(stacks.map(({ bytes, names }) => [bytes, names[0]])).toEqual(WANTED);
      for (const [at, { names }] of stacks.entries()) {
        const ofPython = ofMemray[at]![1].filter((name) => /^(?:_?Py|_start$)/.test(name));
        expect(names).toEqual(expect.arrayContaining(ofPython));
      }
    });
  });
});

/** Returns the profile after a pprof tool has symbolized it. */
async function lookedUp(
  folder: string,
  pprof: (args: readonly string[]) => Promise<{ status: number | null; stderr: string }>,
): Promise<Profile> {
  const output = path.join(tempFolder(), 'looked-up.pb.gz');
  const { status, stderr } = await pprof(['-proto', `-output=${output}`, path.join(folder, 'native.pb.gz')]);
  expect(status, stderr).toBe(0);
  return decodePprof(readFileSync(output));
}

/**
 * Returns the function at a native frame's address in its file. The address is part of heapray's name for the frame.
 */
async function addr2line(cwd: string, { functionName, native }: ProfileFrame): Promise<string | undefined> {
  const [, address = ''] = /^(0x[0-9a-f]+) /.exec(functionName) ?? [];
  // The address of the call, which ends at the return address.
  const call = `0x${(BigInt(address) - 1n).toString(16)}`;
  const args = ['-f', '-e', native?.mapping?.path ?? '', call];
  const { status, stdout, stderr } = await runCommand(binutils('addr2line'), args, { cwd });
  expect(status, stderr).toBe(0);
  return stdout.split('\n')[0];
}
