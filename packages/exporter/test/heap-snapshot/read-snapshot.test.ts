import { describe, expect, test } from 'vitest';
import { type HeapSnapshot, HeapSnapshotReader, readHeapSnapshot } from '../../src/heap-snapshot/index.js';
import { SnapshotBuilder, type SnapshotFile } from './snapshot-builder.js';

function read(bytes: Uint8Array, chunkBytes = bytes.length): HeapSnapshot {
  const reader = new HeapSnapshotReader();
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.slice(at, at + chunkBytes));
  return reader.end();
}

function readText(text: string): HeapSnapshot {
  return read(Buffer.from(text));
}

function sample(): SnapshotBuilder {
  const builder = new SnapshotBuilder();
  const cache = builder.property(1, 'cache', 'object', 'Cache "é" \\ \n', 40);
  builder.edge(cache, 'element', 7, builder.node('string', 'x'.repeat(300), 320));
  builder.location(cache, 3, 11, 4);
  builder.functions = [1, builder.text('load'), builder.text('/srv/app.js'), 5, 9, 2];
  builder.tree = [1, 0, 0, 0, [2, 0, 3, 96, [], 3, 0, 1, 8, [4, 0, 1, 1, []]]];
  return builder;
}

/** Returns the file with a change. */
function changed(change: (file: SnapshotFile) => void): string {
  const file = sample().file();
  change(file);
  return JSON.stringify(file);
}

describe('reads a snapshot', () => {
  test.each([1, 2, 7, 64, 100_000])('in pieces of %i bytes', (chunkBytes) => {
    const snapshot = read(sample().bytes(), chunkBytes);
    expect(snapshot.nodeCount).toBe(4);
    expect(snapshot.edgeCount).toBe(3);
    expect(snapshot.nameOf(2)).toBe('Cache "é" \\ \n');
    expect(snapshot.typeOf(2)).toBe('object');
    expect(snapshot.nameOf(3)).toBe('x'.repeat(300));
    expect([...snapshot.sizes]).toEqual([0, 0, 40, 320]);
    expect([...snapshot.ids]).toEqual([1, 3, 5, 7]);
    expect([...snapshot.firstEdges]).toEqual([0, 1, 2, 3, 3]);
    expect([...snapshot.targets]).toEqual([1, 2, 3]);
    expect([0, 1, 2].map((edge) => snapshot.nameOfEdge(edge))).toEqual(['1', 'cache', '7']);
    expect([0, 1, 2].map((edge) => snapshot.sourceOf(edge))).toEqual([0, 1, 2]);
    expect(snapshot.placeOf(2)).toEqual({ scriptId: 3, line: 12, column: 5 });
    expect(snapshot.placeOf(1)).toBeUndefined();
    const traces = snapshot.traces!;
    expect([...traces.ids]).toEqual([1, 2, 3, 4]);
    expect([...traces.parents]).toEqual([-1, 0, 0, 2]);
    expect([...traces.sizes]).toEqual([0, 96, 8, 1]);
    expect(traces.functionAt(0)).toEqual({ name: 'load', file: '/srv/app.js', line: 10, column: 3 });
    expect(traces.functionAt(1)).toBeUndefined();
  });

  test('from an asynchronous iterable', async () => {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield sample().bytes();
    }
    expect((await readHeapSnapshot(chunks())).nodeCount).toBe(4);
  });

  test('when fields have another order, and there are unknown ones', () => {
    const text = changed((file) => {
      const { meta } = file.snapshot;
      meta.node_fields = ['new', 'self_size', 'edge_count', 'id', 'name', 'type'];
      const types = (meta.node_types as unknown[])[0];
      meta.node_types = ['number', 'number', 'number', 'number', 'string', types];
      const rows: number[] = [];
      for (let at = 0; at < file.nodes.length; at += 7) {
        const [type, name, id, size, edges] = file.nodes.slice(at, at + 5);
        rows.push(99, size!, edges!, id!, name!, type!);
      }
      file.nodes = rows;
      file.edges = file.edges.map((value, at) => (at % 3 === 2 ? (value / 7) * 6 : value));
      file.locations = file.locations.map((value, at) => (at % 4 === 0 ? (value / 7) * 6 : value));
    });
    const snapshot = readText(text);
    expect([...snapshot.sizes]).toEqual([0, 0, 40, 320]);
    expect([...snapshot.targets]).toEqual([1, 2, 3]);
    expect(snapshot.traces).toBeUndefined();
  });

  test('when members have another order, and there are unknown ones', () => {
    const { snapshot, strings, edges, nodes, ...rest } = sample().file();
    const text = JSON.stringify({
      future: [{ a: '}]"' }],
      strings,
      flag: true,
      snapshot,
      edges,
      n: -1.5e3,
      nodes,
      ...rest,
    });
    expect(readText(` ${text.replaceAll(',', ' ,\n')} `).nameOf(2)).toBe('Cache "é" \\ \n');
  });
});

describe('refuses with one line', () => {
  test('a file that is cut off anywhere', () => {
    const bytes = sample().bytes();
    for (let length = 1; length < bytes.length; length += 29) {
      expect(() => read(bytes.slice(0, length))).toThrow(
        `heap snapshot: the file is cut off at byte ${length}`,
      );
    }
  });

  test.each<[string, string | RegExp, string]>([
    ['no bytes', '', 'the file is empty at byte 0'],
    ['text', 'hello', 'this is not JSON at byte 0'],
    ['an empty object', '{}', 'there is no `snapshot`'],
    ['data after the end', `${changed(() => {})} x`, 'there is other data after the end'],
    ['a heap profile', '{"head":{}}', 'this is a heap profile, not a heap snapshot'],
    ['nodes before the layout', '{"nodes":[1]}', '`nodes` is before `snapshot`'],
    ['a layout that is no object', '{"snapshot":[]}', '`snapshot` is not an object'],
    ['a layout that is not JSON', '{"snapshot":{a}}', '`snapshot` is damaged'],
    [
      'a negative count',
      changed((file) => {
        file.snapshot.node_count = -1;
      }),
      '`node_count` is not a number of rows',
    ],
    [
      'a huge count',
      changed((file) => {
        file.snapshot.node_count = 1e15;
      }),
      '`node_count` is not a number of rows',
    ],
    [
      'more nodes than declared',
      changed((file) => {
        file.snapshot.node_count = 3;
      }),
      'more than the 3 nodes',
    ],
    [
      'fewer nodes than declared',
      changed((file) => {
        file.snapshot.node_count = 2 ** 31;
      }),
      '`node_count` is 2147483648, but there are 4 nodes',
    ],
    [
      'fewer edges than declared',
      changed((file) => {
        file.snapshot.edge_count = 9;
      }),
      '`edge_count` is 9, but there are 3',
    ],
    [
      'edges that no node has',
      changed((file) => {
        file.nodes[4] = 0;
      }),
      'the nodes have 2 edges, but there are 3',
    ],
    ['a part of a node', changed((file) => file.nodes.pop()), '`nodes` ends within a row of 7 numbers'],
    [
      'a negative size',
      changed((file) => {
        file.nodes[3] = -5;
      }),
      'a negative number in `nodes`',
    ],
    [
      'a fraction',
      changed((file) => {
        file.nodes[3] = 0.5;
      }),
      '`nodes` has something else than whole numbers',
    ],
    [
      'NaN',
      changed(() => {}).replace('"nodes":[9', '"nodes":[NaN'),
      '`nodes` has something else than whole numbers',
    ],
    [
      'null',
      changed((file) => {
        file.edges[0] = Number.NaN;
      }),
      '`edges` has something else than whole numbers',
    ],
    [
      'two numbers without a comma',
      changed(() => {}).replace('"nodes":[9', '"nodes":[9 9'),
      '`nodes` has something',
    ],
    [
      'a number of 20 digits',
      changed(() => {}).replace('"nodes":[9', `"nodes":[${'9'.repeat(20)}`),
      'a number of 20 digits',
    ],
    [
      'an unknown type of node',
      changed((file) => {
        file.nodes[0] = 50;
      }),
      'a node of type 50, which is not in `node_types` (node 0) at byte ',
    ],
    [
      'an unknown type of edge',
      changed((file) => {
        file.edges[0] = 50;
      }),
      'an edge of type 50, which is not in `edge_types` (edge 0) at byte ',
    ],
    [
      'an edge to no node',
      changed((file) => {
        file.edges[2] = 28;
      }),
      'an edge to 28, where no node starts (edge 0) at byte ',
    ],
    [
      'an edge into a node',
      changed((file) => {
        file.edges[2] = 8;
      }),
      'an edge to 8, where no node starts',
    ],
    [
      'a location of no node',
      changed((file) => {
        file.locations[0] = -7;
      }),
      'a location of -7, where no node starts (location 0) at byte ',
    ],
    [
      'a text that does not exist',
      changed((file) => {
        file.nodes[1] = 999;
      }),
      'text 999 is used, but there are',
    ],
    ['no texts', changed((file) => Reflect.deleteProperty(file, 'strings')), 'there are no `strings`'],
    [
      'texts that are no list',
      changed((file) => Reflect.set(file, 'strings', {})),
      '`strings` is not a list',
    ],
    ['numbers as texts', changed((file) => Reflect.set(file, 'strings', [1])), '`strings` is damaged'],
    [
      'a damaged tree',
      changed((file) => {
        file.trace_tree = [1, 2];
      }),
      '`trace_tree` is damaged',
    ],
    ['a list twice', changed(() => {}).replace('"edges":', '"nodes":[],"edges":'), '`nodes` is there twice'],
    [
      'no nodes',
      changed((file) => Object.assign(file, { nodes: [], edges: [], locations: [] })),
      'there are no nodes',
    ],
  ])('%s', (_, text, reason) => {
    const act = (): HeapSnapshot => readText(text as string);
    expect(act).toThrow(reason);
    expect(act).toThrow(
      expect.objectContaining({ name: 'FormatError', message: expect.not.stringContaining('\n') }),
    );
  });

  test('a text of more than 4 MiB before it is complete', () => {
    const reader = new HeapSnapshotReader();
    reader.push(Buffer.from('{"strings":["'));
    const piece = Buffer.alloc(2 ** 20, 'a');
    expect(() => {
      for (let each = 0; each < 2 ** 11; each++) reader.push(piece);
    }).toThrow('a text of more than 4194304 bytes');
  });

  test('a layout of more than 1 MiB before it is complete', () => {
    const reader = new HeapSnapshotReader();
    reader.push(Buffer.from('{"snapshot":{"meta":"'));
    expect(() => {
      for (let each = 0; each < 100; each++) reader.push(Buffer.alloc(2 ** 18, 'a'));
    }).toThrow('`snapshot` is larger than the limit of 1048576 bytes');
  });

  test('nested lists of any depth', () => {
    expect(() => readText(`{"future":${'['.repeat(100_000)}`)).toThrow('the file is cut off');
    const tree = changed(() => {}).replace('"trace_tree":[', `"trace_tree":[${'1,0,0,0,['.repeat(100_000)}`);
    expect(() => readText(tree)).toThrow('heap snapshot: ');
  });
});
