// Names of functions and programs from captures, as `go tool pprof` shows them after conversion to pprof.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { MemrayWriter } from '@heapray/exporter/memray';
import { describe, expect, test } from 'vitest';
import { describeWithPeer } from '../../../../test/support/peer-test.js';
import { goPprof, memray } from '../../../../test/support/peers.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { MEMRAY_OF } from '../support/captures.js';
import { heapray } from '../support/loaded-heapray.js';

const PROGRAM = `
import memray, sys
keep = []
with memray.Tracker(sys.argv[1]):
    class Shop:
        shelves = bytearray(2_500_000)
        def stock(self):
            def fill():
                return bytearray(1_500_000)
            return fill()
    keep.append((lambda: bytearray(3_000_000))())
    keep.append([bytearray(1000) for _ in range(2000)])
    keep.append({n: bytearray(900) for n in range(2000)})
    keep.append(bytearray(4_000_000))
    keep.extend(bytearray(500) for _ in range(2000))
    keep.append(Shop().stock())
`;

/** Returns the program of a file, and the functions with memory of their own, as in `go tool pprof -top`. */
async function top(file: string): Promise<{ program: string | undefined; names: readonly string[] }> {
  const options = ['-top', '-unit=B', '-nodecount=1000', '-nodefraction=0', '-sample_index=alloc_space'];
  const { status, stdout, stderr } = await goPprof([...options, file]);
  expect(status, stderr).toBe(0);
  const rows = stdout.matchAll(/^ *([1-9]\d*)B? +\S+% +\S+% +\d+B? +\S+% +(.*)$/gm);
  return {
    program: /^File: (.*)$/m.exec(stdout)?.[1],
    names: [...rows].map(([, , name = '']) => name),
  };
}

/** Converts a file to pprof. Expects status 0. */
async function toPprof(input: string): Promise<string> {
  const output = path.join(tempFolder(), 'out.pb.gz');
  expect(await heapray(['convert', input, '-o', output])).toMatchObject({ status: 0, stdout: '' });
  return output;
}

describe.each([13, 12, 11])('a Python capture of format %d', (format) => {
  describeWithPeer('as go tool pprof shows it', [`memray-${MEMRAY_OF[format]!}`, 'go-pprof'], () => {
    test('keeps the names of its functions, and has Python as the program', async () => {
      const folder = tempFolder();
      const [script, capture] = [path.join(folder, 'shop.py'), path.join(folder, 'shop.bin')];
      writeFileSync(script, PROGRAM);
      const python = path.join(path.dirname(memray(MEMRAY_OF[format]!)), 'python');
      const { status, stderr } = await runCommand(python, [script, capture]);
      expect(status, stderr).toBe(0);
      const file = await toPprof(capture);
      const { program, names } = await top(file);
      expect(program).toBe('python');
      const comprehensions = ['<listcomp>', '<dictcomp>'].filter((name) => names.includes(name));
      // Since Python 3.12, list and dict comprehensions are part of the enclosing function.
      expect([0, 2]).toContain(comprehensions.length);
      expect(names).toEqual(expect.arrayContaining(['<module>', '<lambda>', '<genexpr>', 'Shop', 'fill']));
      expect(names.filter((name) => name.startsWith('['))).toEqual([]);
      // Converting pprof to pprof must not change the names.
      expect(await top(await toPprof(file))).toEqual({ program, names });
    });
  });
});

describeWithPeer('a Node capture', 'go-pprof', () => {
  const NAMES = [
    '<anonymous>',
    '<instance_members_initializer>',
    '<static_initializer>',
    'get [Symbol.toStringTag]',
    'std::vector<int>::push_back',
    '<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop',
    'Foo<Bar>.method',
    '(V8 API)',
  ];

  test.each([13, 12, 11] as const)('of format %d keeps the names of its functions', async (format) => {
    const capture = path.join(tempFolder(), 'node.bin');
    const writer = new MemrayWriter({
      format,
      commandLine: 'node shop.js',
      pid: 1,
      startTimeMillis: 1_700_000_000_000,
      libdest: 'node:internal',
    });
    writer.memoryRecord(1, 1_700_000_000_000);
    for (const [at, name] of NAMES.entries()) {
      const stack = writer.stack(undefined, writer.frame(name, '/srv/shop.js', at + 1));
      writer.allocation(1, 16 * (at + 1), 1000 + at, stack);
    }
    writer.finish(1, 1_700_000_000_001);
    writeFileSync(capture, writer.take());
    const { program, names } = await top(await toPprof(capture));
    expect(program).toBe('node');
    expect([...names].sort()).toEqual([...NAMES].sort());
  });
});
