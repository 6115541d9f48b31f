// Names and places of functions in code that a compiler has made.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findHolders, HeapSnapshotReader } from '@heapray/exporter/heap-snapshot';
import { expect, test } from 'vitest';
import { tempFolder } from '../../../../test/support/temp-folder.js';
import { SnapshotBuilder } from '../../../exporter/test/heap-snapshot/snapshot-builder.js';
import { readingOf } from '../../src/attach/sampling/reading.js';
import { OriginalFunctions } from '../../src/inputs/original-functions.js';

const SOURCE = `interface Order { id: number }

enum Kind { New, Old }

export function addOrder(id: number): Order {
  return { id };
}
`;
const CODE = 'export function addOrder(id) {\n  return { id };\n}\n//# sourceMappingURL=orders.js.map\n';
/** The start of the line, the name and the parameters of the function. */
const MAPPINGS = 'AAIA,gBAAgB,QAAQ';

/** Makes a compiled file. Returns its path, the path of the source, and where V8 says that its function starts, from 0. */
function compiled() {
  const folder = tempFolder();
  const source = path.join(folder, 'src', 'orders.ts');
  const file = path.join(folder, 'dist', 'orders.js');
  for (const each of [source, file]) mkdirSync(path.dirname(each));
  writeFileSync(source, SOURCE);
  writeFileSync(file, CODE);
  const map = { version: 3, sources: ['../src/orders.ts'], names: [], mappings: MAPPINGS };
  writeFileSync(`${file}.map`, JSON.stringify(map));
  return { folder, file, source, line: 0, column: CODE.indexOf('(') };
}

test('finds a function in its original source when its file has a source map', () => {
  const { folder, file, source, line, column } = compiled();
  const originals = new OriginalFunctions();
  const found = { name: 'addOrder', file: pathToFileURL(file).href, line: line + 1, column: column + 1 };
  expect(originals.of(found)).toMatchObject({ name: 'addOrder', file: source, line: 5 });
  const unknown = { ...found, file: path.join(folder, 'gone.js') };
  expect(originals.of(unknown)).toBe(unknown);
});

test('names the original function in a reading of an attached process', () => {
  const { file, source, line, column } = compiled();
  const callFrame = {
    functionName: 'addOrder',
    url: pathToFileURL(file).href,
    lineNumber: line,
    columnNumber: column,
  };
  const none = { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 };
  const leaf = { callFrame, selfSize: 8, id: 2, children: [] };
  const head = { callFrame: none, selfSize: 0, id: 1, children: [leaf] };
  const { nodes } = readingOf({ head, samples: [] }, new OriginalFunctions());
  expect(nodes.get(2)!.callFrame).toMatchObject({ functionName: 'addOrder', url: source, lineNumber: 4 });
});

test('names the original source of what holds objects in a heap snapshot', () => {
  const { file, source, line } = compiled();
  const builder = new SnapshotBuilder();
  const native = builder.node('hidden', 'system / NativeContext', 100);
  const { closure, scope } = builder.closure('addOrder', file, line);
  builder.edge(1, 'internal', '1', native).edge(1, 'internal', '2', closure);
  builder.edge(scope, 'internal', 'previous', native);
  const list = builder.node('object', 'Array', 16);
  builder.edge(scope, 'context', 'orders', list);
  for (let at = 0; at < 20; at++) builder.edge(list, 'element', at, builder.node('object', 'Order', 40));
  const reader = new HeapSnapshotReader();
  reader.push(builder.bytes());
  const snapshot = reader.end();
  const originals = new OriginalFunctions();
  const { classes } = findHolders(snapshot, {
    className: 'Order',
    top: 1,
    originalOf: (found) => originals.of(found),
  });
  expect(classes[0]!.holders[0]!.place?.file).toBe(source);
});
