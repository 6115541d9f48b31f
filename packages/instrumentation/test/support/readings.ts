import type { RawFrame, SampleSnapshot } from '../../src/profiler-thread/ledger/index.js';

/**
 * A live sample as V8 shows it. Its stack is written `outer > inner`; each function has a file of its own.
 */
export interface ShownSample {
  readonly ordinal: number;
  readonly stack: string;
  readonly size: number;
}

interface Node {
  readonly id: number;
  readonly callFrame: RawFrame;
  selfSize: number;
  readonly children: Node[];
}

/**
 * Makes poll results as V8's sampler does: a stack keeps its id while it has live samples, is pruned when it
 * has none, and comes back with a new id.
 */
export class Readings {
  readonly #frameOf: (functionName: string) => RawFrame;
  #idByStack = new Map<string, number>();
  #nextId = 2;

  constructor(frameOfFunction: (functionName: string) => RawFrame = frameOf) {
    this.#frameOf = frameOfFunction;
  }

  /** @param selfSizes unbiased sizes of stacks, if they differ from the sum of their samples */
  of(samples: readonly ShownSample[], selfSizes: Readonly<Record<string, number>> = {}): SampleSnapshot {
    const head: Node = { id: 1, callFrame: frameOf('(root)'), selfSize: 0, children: [] };
    const nodes = new Map<string, Node>([['', head]]);
    for (const { stack, size } of samples) this.#node(stack, nodes).selfSize += size;
    for (const [stack, selfSize] of Object.entries(selfSizes)) this.#node(stack, nodes).selfSize = selfSize;
    this.#idByStack = new Map([...nodes].map(([stack, { id }]) => [stack, id]));
    return {
      head,
      samples: samples.map(({ ordinal, stack, size }) => ({ ordinal, size, nodeId: nodes.get(stack)!.id })),
    };
  }

  #node(stack: string, nodes: Map<string, Node>): Node {
    const known = nodes.get(stack);
    if (known) return known;
    const cut = stack.lastIndexOf(' > ');
    const parent = this.#node(cut < 0 ? '' : stack.slice(0, cut), nodes);
    const name = cut < 0 ? stack : stack.slice(cut + 3);
    const id = this.#idByStack.get(stack) ?? this.#nextId++;
    const node: Node = { id, callFrame: this.#frameOf(name), selfSize: 0, children: [] };
    parent.children.push(node);
    nodes.set(stack, node);
    return node;
  }
}

/** Makes samples of one stack and size, one for each ordinal. */
export function samplesOf(stack: string, size: number, ordinals: readonly number[]): ShownSample[] {
  return ordinals.map((ordinal) => ({ ordinal, stack, size }));
}

/** Returns the integers from the first to the last, both included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

export function frameOf(functionName: string): RawFrame {
  return { functionName, url: `file:///app/${functionName}.js`, lineNumber: 0, columnNumber: 0 };
}
