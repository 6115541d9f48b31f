// Real heap snapshots of a program that leaks in six ways, and damaged ones.
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  computeDominators,
  HeapSnapshotReader,
  RetainingEdges,
  retainedSizes,
} from '@heapray/exporter/heap-snapshot';
import { beforeAll, describe, expect, test } from 'vitest';
import { peerTest } from '../../../../test/support/peer-test.js';
import { type NodeLine, nodeBinary } from '../../../../test/support/peers.js';
import { runCommand } from '../../../../test/support/run-command.js';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { heapray } from '../support/loaded-heapray.js';

const PROGRAM = fileURLToPath(new URL('../support/six-leaks', import.meta.url));

interface Report {
  classes: {
    class: string;
    objects: number;
    package: string | null;
    objects_before?: number;
    explained_objects: number;
    sentence: string;
    holders: {
      kind: string;
      holder: string;
      share: number;
      only: boolean;
      file: string | null;
      package: string | null;
    }[];
  }[];
}

/** The leaked classes, and the start of the words for what holds them; FOLDER is that of the program. */
const HOLDERS: Record<string, RegExp> = {
  Order: /^`Map` `#orders` of `OrderCache` \(order-cache\/index\.js\), held by `cache` in module scope$/,
  Session: /^listeners of event `change` on `EventEmitter` `bus` \(.*program\.mjs\), held by module scope$/,
  Row: /^`Array` `handlers` \(.*program\.mjs\), held by module scope$/,
  Job: /^pending timers of 3600000 ms$/,
  Step: /^the promise chain of `Promise` `#ready` of `RequestQueue` \(.*program\.mjs\), held by `queue` in module scope$/,
  Buffer: /^`Array` `free` of `FramePool` \(.*program\.mjs\), held by `pool` in module scope$/,
};

let folder: string;
let before: string;
let after: string;

beforeAll(async () => {
  folder = tempFolder();
  cpSync(path.join(PROGRAM, 'program.mjs'), path.join(folder, 'program.mjs'));
  cpSync(path.join(PROGRAM, 'order-cache'), path.join(folder, 'node_modules', 'order-cache'), {
    recursive: true,
  });
  before = path.join(folder, 'before.heapsnapshot');
  after = path.join(folder, 'after.heapsnapshot');
  await writeSnapshots(process.execPath, before, after);
});

async function writeSnapshots(node: string, first: string, second: string): Promise<void> {
  const { status, stderr } = await runCommand(node, [path.join(folder, 'program.mjs'), first, second]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

async function reportOf(args: readonly string[]): Promise<Report> {
  const { status, stdout, stderr } = await heapray(['retainers', ...args, '--json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

/** Checks that the first holder of each leaked class is the right one and has nearly all objects. */
function expectHolders({ classes }: Report): void {
  for (const [name, words] of Object.entries(HOLDERS)) {
    const [holder] = classes.find((each) => each.class === name)!.holders;
    expect(holder!.holder).toMatch(words);
    expect({ name, only: holder!.only, isMost: holder!.share > 0.9 }).toEqual({
      name,
      only: true,
      isMost: true,
    });
  }
}

describe('names the holders of six kinds of leak', () => {
  test('with the package of the class and of its holder', async () => {
    const [order] = (await reportOf([after, '--class', 'Order'])).classes;
    expect(order!.package).toBe('order-cache');
    expect(order!.holders[0]!.package).toBe('order-cache');
  });

  test('between two snapshots, for the objects made between them', async () => {
    const report = await reportOf([before, after, '--top', '14']);
    expectHolders(report);
    const session = report.classes.find((each) => each.class === 'Session')!;
    expect(session.objects - session.objects_before!).toBe(2_000);
    expect(session.explained_objects).toBe(2_000);
    expect(report.classes[0]!.class).toBe('Buffer');
  });

  test.each(Object.keys(HOLDERS))('in the first line of the text on one snapshot, for %s', async (name) => {
    const { status, stdout } = await heapray(['retainers', after, '--class', name]);
    const [first] = stdout.split('\n');
    const words = /^\d+(?:\.\d)? % of \d.* in \d.* `(\w+)` objects is reachable only through (.*)$/.exec(
      first!,
    );
    expect({ status, name: words?.[1] }).toEqual({ status: 0, name });
    expect(words![2]!.replace(/; each is .*$/, '')).toMatch(HOLDERS[name]!);
  });

  for (const line of ['22', '26'] as const satisfies readonly NodeLine[]) {
    peerTest(`of Node ${line}`, `node-${line}`, async () => {
      const files = ['before', 'after'].map((name) => path.join(folder, `${name}-${line}.heapsnapshot`));
      await writeSnapshots(nodeBinary(line), files[0]!, files[1]!);
      expectHolders(await reportOf([...files, '--top', '14']));
    });
  }
});

test('retained sizes of a real snapshot are what cannot be reached without the object', () => {
  const reader = new HeapSnapshotReader();
  reader.push(readFileSync(after));
  const snapshot = reader.end();
  const retaining = new RetainingEdges(snapshot);
  const dominators = computeDominators(snapshot, retaining);
  const retained = retainedSizes(snapshot, dominators);
  const all = reachableWithout(-1);
  for (let each = 1; each <= 20; each++) {
    const number = Math.floor((dominators.count / 21) * each);
    expect(retained[number]).toBe(all - reachableWithout(dominators.nodes[number]!));
  }

  function reachableWithout(without: number): number {
    const seen = new Uint8Array(snapshot.nodeCount);
    if (without >= 0) seen[without] = 1;
    seen[0] = 1;
    const open = [0];
    let bytes = 0;
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      bytes += snapshot.sizes[node]!;
      for (let edge = snapshot.firstEdges[node]!; edge < snapshot.firstEdges[node + 1]!; edge++) {
        const target = snapshot.targets[edge]!;
        if (seen[target] === 1 || !retaining.has(edge)) continue;
        seen[target] = 1;
        open.push(target);
      }
    }
    return bytes;
  }
});

describe('ends with one line and status 1', () => {
  test.each<[string, () => Buffer | string, string]>([
    ['of no bytes', () => '', 'the input is empty'],
    [
      'that is cut in the middle',
      () => readFileSync(after).subarray(0, Math.floor(statSync(after).size / 2)),
      'heap snapshot: the file is cut off at byte ',
    ],
    ['that is a profile', () => '{"head":{}}', 'heap snapshot: this is a heap profile, not a heap snapshot'],
    [
      'without objects',
      () =>
        '{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count"],"node_types":[["synthetic"]],' +
        '"edge_fields":["type","name_or_index","to_node"],"edge_types":[["element"]]},"node_count":1,"edge_count":0},' +
        '"nodes":[0,0,1,0,0],"edges":[],"strings":[""]}',
      'has no objects',
    ],
    [
      'with an edge to no node',
      () => readFileSync(after, 'latin1').replace('"edges":[1,1,', '"edges":[1,1,1'),
      'heap snapshot: an edge to ',
    ],
    [
      'with a declared length of 4 billion nodes',
      () => readFileSync(after, 'latin1').replace(/"node_count":\d+/, '"node_count":4294967000'),
      'heap snapshot: `node_count` is 4294967000, but there are ',
    ],
  ])('for a file %s', async (_, content, reason) => {
    const file = path.join(folder, 'damaged.heapsnapshot');
    writeFileSync(file, content());
    const { status, stdout, stderr } = await heapray(['retainers', file]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.startsWith(`heapray: ${file}: ${reason}`)).toBe(true);
    expect(stderr.indexOf('\n')).toBe(stderr.length - 1);
  });

  test('for a class or function that is not there', async () => {
    expect((await heapray(['retainers', after, '--class', 'Nothing'])).stderr).toBe(
      `heapray: ${after}: no object of class Nothing\n`,
    );
    expect((await heapray(['retainers', after, '--function', 'load'])).stderr).toMatch(
      /has no stacks of allocations, so --function cannot be used; --class selects by class\n$/,
    );
  });
});
