import { describe, expect, test } from 'vitest';
import {
  classTotals,
  findHolders,
  type HeapSnapshot,
  HeapSnapshotReader,
  type Holder,
} from '../../src/heap-snapshot/index.js';
import { Makers } from '../../src/heap-snapshot/words/makers.js';
import { Sources } from '../../src/heap-snapshot/words/sources.js';
import { SnapshotBuilder } from './snapshot-builder.js';

const FILE = '/srv/app/node_modules/order-cache/index.js';

function read(builder: SnapshotBuilder): HeapSnapshot {
  const reader = new HeapSnapshotReader();
  reader.push(builder.bytes());
  return reader.end();
}

/** Returns a program whose module has a function and a scope that global handles hold. */
function program(file = FILE): { builder: SnapshotBuilder; scope: number; closure: number } {
  const builder = new SnapshotBuilder();
  const handles = builder.node('synthetic', '(Global handles)', 0);
  const native = builder.node('hidden', 'system / NativeContext', 100);
  builder.edge(1, 'element', 10, handles).edge(handles, 'internal', '1', native);
  const { closure, scope } = builder.closure('main', file);
  builder.edge(handles, 'internal', '2', closure).edge(scope, 'internal', 'previous', native);
  return { builder, scope, closure };
}

function variable(builder: SnapshotBuilder, scope: number, name: string, className: string): number {
  const node = builder.node('object', className, 16);
  builder.edge(scope, 'context', name, node);
  return node;
}

function holdersOf(builder: SnapshotBuilder, className: string): readonly Holder[] {
  const { classes } = findHolders(read(builder), { className, top: 5 });
  return classes[0]!.holders;
}

/** Fills a Map with objects, through its table. Returns their numbers. */
function fill(builder: SnapshotBuilder, map: number, className: string, count: number): number[] {
  const table = builder.node('array', '', 100);
  builder.edge(map, 'internal', 'table', table);
  return Array.from({ length: count }, (_, at) => {
    const node = builder.node('object', className, 40);
    builder.edge(table, 'internal', `${at + 3}`, node);
    return node;
  });
}

function cache(orders = 100): { builder: SnapshotBuilder; scope: number; orders: number[] } {
  const { builder, scope, closure } = program();
  const owner = variable(builder, scope, 'cache', 'OrderCache');
  builder.location(owner, 100 + closure + 3, 4, 0);
  const map = builder.property(owner, '#orders', 'object', 'Map');
  return { builder, scope, orders: fill(builder, map, 'Order', orders) };
}

describe('names the holder', () => {
  test('when a Map in a private field of an object in module scope has all', () => {
    const [holder] = holdersOf(cache().builder, 'Order');
    expect(holder).toMatchObject({
      text: '`Map` `#orders` of `OrderCache` (order-cache/index.js), held by `cache` in module scope',
      share: 1,
      objects: 100,
      isOnly: true,
    });
    expect(holder!.path.map(({ name }) => name)).toEqual(['main', 'OrderCache', 'Map', 'Order']);
  });

  test('when a part has another holder', () => {
    const { builder, scope, orders } = cache();
    const list = variable(builder, scope, 'recent', 'Array');
    for (let at = 0; at < 20; at++) builder.edge(list, 'element', at, orders[at]!);
    for (let at = 0; at < 25; at++)
      builder.edge(list, 'element', 50 + at, builder.node('object', 'Order', 40));
    const holders = holdersOf(builder, 'Order');
    expect(holders.map(({ share, text }) => [Math.round(share * 100), text])).toEqual([
      [64, '`Map` `#orders` of `OrderCache` (order-cache/index.js), held by `cache` in module scope'],
      [20, '`Array` `recent` (order-cache/index.js), held by module scope'],
      [16, 'module scope (order-cache/index.js)'],
    ]);
  });

  test('when listeners of an emitter hold the objects in variables', () => {
    const { builder, scope } = program();
    const emitter = variable(builder, scope, 'bus', 'EventEmitter');
    const events = builder.property(emitter, '_events', 'object', 'Object');
    const list = builder.property(events, 'change', 'object', 'Array');
    for (let at = 0; at < 10; at++) {
      const { closure, scope: own } = builder.closure('', FILE, 21);
      builder.edge(list, 'element', at, closure).edge(own, 'internal', 'previous', scope);
      builder.edge(own, 'context', 'session', builder.node('object', 'Session', 40));
    }
    const [holder] = holdersOf(builder, 'Session');
    expect(holder).toMatchObject({
      kind: 'listener',
      name: 'change',
      text: 'listeners of event `change` on `EventEmitter` `bus` (order-cache/index.js), held by module scope',
      reference: 'each is variable `session` of a function (order-cache/index.js:22)',
    });
  });

  test('when pending timers hold the objects', () => {
    const { builder } = program();
    const { closure, scope } = builder.closure('setTimeout', 'node:internal/timers');
    const global = builder.node('object', 'global', 40);
    builder.edge(0, 'shortcut', '2', global).edge(global, 'property', 'setTimeout', closure);
    const lists = variable(builder, scope, 'timerListMap', 'Object');
    const list = builder.node('object', 'TimersList', 40);
    builder.edge(lists, 'element', 60_000, list);
    const timers = Array.from({ length: 20 }, () => builder.node('object', 'Timeout', 40));
    timers.forEach((timer, at) => {
      builder.edge(timer, 'property', '_idlePrev', timers[at + 1] ?? list);
      builder.edge(timer, 'property', '_idleNext', timers[at - 1] ?? list);
      builder.edge(timer, 'property', 'job', builder.node('object', 'Job', 40));
    });
    builder
      .edge(list, 'property', '_idlePrev', timers[0]!)
      .edge(list, 'property', '_idleNext', timers.at(-1)!);
    const [holder] = holdersOf(builder, 'Job');
    expect(holder).toMatchObject({
      kind: 'timer',
      text: 'pending timers of 60000 ms',
      objects: 20,
      isOnly: true,
    });
  });

  test('when a chain of promises holds the objects', () => {
    const { builder, scope } = program();
    let promise = variable(builder, scope, 'gate', 'Promise');
    for (let at = 0; at < 20; at++) {
      const reaction = builder.node('hidden', 'system / PromiseReaction', 40);
      const next = builder.node('object', 'Promise', 40);
      const { closure, scope: own } = builder.closure('', FILE);
      builder.edge(promise, 'internal', 'reactions_or_result', reaction);
      builder.edge(reaction, 'hidden', 3, next).edge(reaction, 'hidden', 2, closure);
      builder.edge(own, 'context', 'step', builder.node('object', 'Step', 40));
      promise = next;
    }
    const [holder] = holdersOf(builder, 'Step');
    expect(holder).toMatchObject({
      kind: 'promise chain',
      text: 'the promise chain of `Promise` `gate` (order-cache/index.js), held by module scope',
      objects: 20,
    });
  });

  test('when a pool has Buffers, whose memory counts', () => {
    const { builder, scope } = program();
    const pool = variable(builder, scope, 'pool', 'BufferPool');
    const free = builder.property(pool, 'free', 'object', 'Array');
    for (let at = 0; at < 4; at++) {
      const view = builder.node('object', 'Buffer', 96);
      const buffer = builder.node('object', 'ArrayBuffer', 96);
      builder.edge(free, 'element', at, view).edge(view, 'internal', 'buffer', buffer);
      builder.edge(
        buffer,
        'internal',
        'backing_store',
        builder.node('native', 'system / JSArrayBufferData', 4096),
      );
    }
    const [holder] = holdersOf(builder, 'Buffer');
    expect(holder).toMatchObject({
      text: '`Array` `free` of `BufferPool` (order-cache/index.js), held by `pool` in module scope',
      bytes: 4 * (96 + 96 + 4096),
    });
  });

  test('when a global variable refers to it', () => {
    const { builder } = program();
    const global = builder.node('object', 'global', 40);
    builder.edge(0, 'shortcut', '2', global);
    fill(builder, builder.property(global, 'orders', 'object', 'Map'), 'Order', 10);
    expect(holdersOf(builder, 'Order')[0]!.text).toBe('`Map` `globalThis.orders`');
  });
});

test('explains objects that are new and classes that grew, the most first, when there is an earlier snapshot', () => {
  const before = classTotals(read(cache(100).builder));
  const { builder, scope, orders } = cache(300);
  fill(builder, variable(builder, scope, 'other', 'Set'), 'Row', 50);
  const { classes } = findHolders(read(builder), { before, top: 2 });
  expect(
    classes.map(({ name, objects, before: old, explained }) => [
      name,
      objects,
      old?.objects,
      explained.objects,
    ]),
  ).toEqual([
    ['Order', orders.length, 100, 200],
    ['Row', 50, 0, 50],
  ]);
  expect(classes[0]!.explained.isNew).toBe(true);
});

test('explains all objects when those of the later snapshot are not known to be new', () => {
  const { builder } = cache(100);
  // The earlier snapshot has larger IDs, as one of another process may.
  for (let each = 0; each < 1000; each++) builder.property(1, 'text', 'string', 'text');
  const before = classTotals(read(builder));
  const [order] = findHolders(read(cache(300).builder), { before, className: 'Order', top: 1 }).classes;
  expect(order!.explained).toMatchObject({ objects: 300, isNew: false });
});

/** Returns a program with orders that two functions have allocated. */
function madeOrders(byAddOrder: number, byOther: number): SnapshotBuilder {
  const { builder, scope } = program();
  const list = variable(builder, scope, 'list', 'Array');
  for (let at = 0; at < byOther + byAddOrder; at++)
    builder.edge(list, 'element', at, builder.node('object', 'Order', 40, at < byOther ? 2 : 3));
  const row = (name: string, file: string): number[] => [1, builder.text(name), builder.text(file), 1, 4, 0];
  builder.functions = [
    ...row('(root)', ''),
    ...row('other', FILE),
    ...row('exports.addOrder', FILE),
    ...row('set', 'node:x'),
  ];
  builder.tree = [1, 0, 0, 0, [2, 1, 2, 80, [], 4, 2, 0, 0, [3, 3, 8, 320, []]]];
  return builder;
}

test('tells the function that allocated the objects, and selects by it, when the snapshot has stacks', () => {
  const snapshot = read(madeOrders(8, 2));
  const [order] = findHolders(snapshot, { className: 'Order', top: 5 }).classes;
  expect(order!.makers.map(({ name, line, objects }) => [name, line, objects])).toEqual([
    ['exports.addOrder', 5, 8],
    ['other', 5, 2],
  ]);
  const [made] = findHolders(snapshot, { functionName: 'addOrder', top: 5 }).classes;
  expect([made!.name, made!.objects, made!.bytes]).toEqual(['Order', 8, 320]);
  expect(findHolders(snapshot, { functionName: 'set', top: 5 }).classes).toEqual([]);
});

test('compares the objects of one function only when two snapshots have stacks', () => {
  const before = classTotals(read(madeOrders(2, 50)), { functionName: 'addOrder' });
  const later = read(madeOrders(5, 50));
  const [order] = findHolders(later, { before, functionName: 'addOrder', top: 5 }).classes;
  expect(order).toMatchObject({ objects: 5, before: { objects: 2, bytes: 80 } });
  expect(order!.explained).toMatchObject({ objects: 3, isNew: true });
});

test('finds the makers below calls of the runtime of any depth, each in one step', () => {
  const COUNT = 300_000;
  const numbers = Uint32Array.from({ length: COUNT }, (_, at) => at);
  const snapshot = {
    traceIds: numbers.map((at) => at + 1),
    traces: {
      count: COUNT,
      ids: numbers.map((at) => at + 1),
      parents: Int32Array.from(numbers, (at) => at - 1),
      functions: numbers.map((at) => (at === 0 ? 1 : 0)),
      functionCount: 2,
      functionAt: (index: number) => {
        return { name: `f${index}`, file: index === 0 ? 'node:x' : FILE, line: 1, column: 1 };
      },
    },
  } as unknown as HeapSnapshot;
  const members = new Uint8Array(COUNT).fill(1);
  const makers = new Makers(snapshot).of(numbers, members, new Float64Array(COUNT).fill(2));
  expect(makers).toMatchObject([{ name: 'f1', objects: COUNT - 1, bytes: 2 * COUNT - 2 }]);
});

test('looks once at a function without a file, however many places it has', () => {
  const { builder, closure } = program();
  const empty = builder.node('closure', '', 32);
  for (let at = 0; at < 50_000; at++) builder.edge(empty, 'property', 'x', 0);
  for (let at = 0; at < 200_000; at++) builder.location(empty, 1, at, 0);
  const other = builder.node('object', 'Other', 16);
  builder.location(other, 2, 0, 0).location(closure, 3, 0, 0);
  const sources = new Sources(read(builder));
  expect(sources.placeOf(other)).toBeUndefined();
  expect(sources.placeOf(closure)?.file).toBe(FILE);
});
