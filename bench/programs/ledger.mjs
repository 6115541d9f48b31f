// Feeds a ledger with synthetic poll results, and returns the cost. It imports the ledger from inside the package, which
// does not export it.
import { CallTree, Ledger, ROOT } from '../lib/built-ledger.mjs';
import { answer, programOptions } from './answer.mjs';

const FRAMES = 5_000;
/** Depth of the stacks: V8 cuts stacks at 128 frames, servers are 20 to 40 deep. */
const DEPTH = 30;

const { samples, stacks, readings, nodes } = programOptions();
const frames = Array.from({ length: FRAMES }, (_, at) => ({
  functionName: `function${at}`,
  scriptId: String(at % 200),
  url: `file:///srv/app/node_modules/package${at % 200}/lib/file${at % 700}.js`,
  lineNumber: at,
  columnNumber: at % 60,
}));

const [cold] = absorbAll(1);
const [first, ...steady] = absorbAll(readings);
answer({ cold: [cold], first: [first], steady, tree: growTree() });

/** Returns the CPU time of absorbing each poll result, ms: in the first all samples are new, in later ones a tenth. */
function absorbAll(count) {
  const ledger = newLedger();
  const ordinals = Array.from({ length: samples }, (_, at) => at + 1);
  const times = [];
  for (let reading = 0; reading < count; reading++) {
    const made = makeReading(ordinals);
    const before = cpuMillis();
    ledger.update(made, reading);
    times.push(cpuMillis() - before);
    const newest = samples + reading * (samples / 10);
    for (let i = 0; i < samples / 10; i++) ordinals[(i * 10 + reading) % samples] = newest + i + 1;
  }
  return times;
}

/** Makes a new object tree as JSON.parse does, in which stacks share callers and a sample keeps its stack. */
function makeReading(ordinals) {
  const head = node(1, { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 });
  const path = [head];
  const all = [];
  for (let at = 0; at < stacks; at++) {
    const parent = path[(at * 7) % Math.min(path.length, DEPTH)];
    const made = node(at + 2, frames[(at * 31) % FRAMES]);
    parent.children.push(made);
    path[1 + (at % (DEPTH - 1))] = made;
    all.push(made);
  }
  return {
    head,
    samples: ordinals.map((ordinal) => {
      const owner = all[(ordinal * 13) % stacks];
      owner.selfSize += 524_288;
      return { size: 524_288, nodeId: owner.id, ordinal };
    }),
  };
}

function node(id, callFrame) {
  return { callFrame: { ...callFrame }, selfSize: 0, id, children: [] };
}

function newLedger(maxNodes) {
  return new Ledger({ samplingInterval: 524_288, component: 'bench', packageOf: () => 'app', maxNodes });
}

/** Measures the memory of a tree alone, and of a ledger in which each stack has allocated once. */
function growTree() {
  const start = memory();
  const before = cpuMillis();
  const tree = new CallTree({ maxNodes: nodes });
  grow(tree);
  const nanos = ((cpuMillis() - before) * 1e6) / nodes;
  const bytes = memory() - start;
  const ledger = newLedger(nodes);
  const ledgerStart = memory();
  grow(ledger.tree);
  absorbOne(ledger);
  return { bytes, nanos, ledgerBytes: memory() - ledgerStart, size: tree.size };
}

/** Adds four callees below each stack, level by level: three in four are leaves; a million stacks are ten or eleven deep. */
function grow(tree) {
  let parents = [ROOT];
  while (tree.size < nodes) {
    const next = [];
    for (const parent of parents) {
      for (let at = 0; at < 4 && tree.size < nodes; at++) {
        next.push(tree.child(parent, frames[(parent * 4 + at * 37) % FRAMES]));
      }
    }
    parents = next;
  }
}

/** Absorbs one sample: the ledger's columns of numbers grow with the largest stack in use. */
function absorbOne(ledger) {
  const stack = [];
  for (let at = ledger.tree.size - 1; at !== ROOT; at = ledger.tree.parent(at)) stack.unshift(at);
  const head = node(1, { functionName: '(root)', url: '', lineNumber: -1, columnNumber: -1 });
  let parent = head;
  for (const [depth, at] of stack.entries()) {
    const { functionName } = ledger.tree.frame(at);
    const child = node(depth + 2, frames[Number(functionName.replace('function', ''))]);
    parent.children.push(child);
    parent = child;
  }
  parent.selfSize = 524_288;
  ledger.update({ head, samples: [{ size: 524_288, nodeId: parent.id, ordinal: 1 }] }, 0);
}

function memory() {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuMillis() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
