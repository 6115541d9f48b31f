import { filePath } from '@heapray/exporter/call-sites';
import type { OriginalFunctions } from '../../inputs/original-functions.js';
import { OWN_FUNCTION } from '../guard.js';

/** A node of the call tree of V8's sampler. */
interface SamplingNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly SamplingNode[];
}

/** The answer of `HeapProfiler.getSamplingProfile`. */
export interface SamplingProfile {
  readonly head: SamplingNode;
  readonly samples: readonly { readonly size: number; readonly nodeId: number; readonly ordinal: number }[];
}

/** A function, as V8 describes it: lines and columns from 0, -1 if unknown. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A stack: a function and its caller. */
export interface StackNode {
  readonly callFrame: CallFrame;
  /** ID of the caller's node; undefined for the outermost function. */
  readonly caller: number | undefined;
}

/** Stacks by ID, a caller before its callees. */
export type StackNodes = ReadonlyMap<number, StackNode>;

/** One allocation that V8 has sampled. */
export interface Sample {
  /** Position among all samples, from 1. */
  readonly ordinal: number;
  /** Node of its stack; undefined if the allocation is outside of all functions, or is heapray's own. */
  readonly node: number | undefined;
  /** Bytes of all allocations that it stands for. */
  readonly bytes: number;
  /** True if the allocation is of code that heapray evaluates in the target. */
  readonly isOwn: boolean;
}

/** The samples that V8's sampler shows at one moment. */
export interface Reading {
  readonly nodes: StackNodes;
  readonly samples: readonly Sample[];
  /** Largest ordinal; 0 without samples. */
  readonly lastOrdinal: number;
}

interface NodeSum {
  readonly node: number | undefined;
  readonly isOwn: boolean;
  /** The unbiased size of all samples of the node. */
  readonly selfSize: number;
  /** Sum of the sizes of the samples as reported, which V8 rounds one by one. */
  sampleSizes: number;
}

/**
 * Reads the answer of V8's sampler. Sizes of samples are rounded to whole objects one by one, which makes them too large
 * or too small. Those of nodes are right, so each sample gets its share of its node.
 *
 * @param originals finds functions in their original sources. Default: they stay as V8 names them
 */
export function readingOf({ head, samples }: SamplingProfile, originals?: OriginalFunctions): Reading {
  const nodes = new Map<number, StackNode>();
  const sums = new Map<number, NodeSum>();
  collect(head, nodes, sums, originals);
  let lastOrdinal = 0;
  for (const { size, nodeId, ordinal } of samples) {
    const sum = sums.get(nodeId);
    if (sum !== undefined) sum.sampleSizes += size;
    lastOrdinal = Math.max(lastOrdinal, ordinal);
  }
  const read = samples.flatMap(({ size, nodeId, ordinal }): Sample[] => {
    const sum = sums.get(nodeId);
    if (sum === undefined) return [];
    const { node, isOwn, selfSize, sampleSizes } = sum;
    return [{ ordinal, node, isOwn, bytes: sampleSizes === 0 ? 0 : (size * selfSize) / sampleSizes }];
  });
  return { nodes, samples: read, lastOrdinal };
}

/** Collects all nodes, a caller before its callees. Not recursive, because a stack may be deep. */
function collect(
  head: SamplingNode,
  nodes: Map<number, StackNode>,
  sums: Map<number, NodeSum>,
  originals: OriginalFunctions | undefined,
): void {
  interface Open {
    readonly node: SamplingNode;
    readonly caller: number | undefined;
    readonly isOwn: boolean;
  }
  const sum = ({ selfSize }: SamplingNode, node: number | undefined, isOwn: boolean): NodeSum => {
    return { node, isOwn, selfSize, sampleSizes: 0 };
  };
  sums.set(head.id, sum(head, undefined, false));
  const open: Open[] = head.children.map((node) => ({ node, caller: undefined, isOwn: false }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, caller } = next;
    const isOwn = next.isOwn || isOwnFunction(node.callFrame);
    if (!isOwn) nodes.set(node.id, { callFrame: originalOf(node.callFrame, originals), caller });
    sums.set(node.id, sum(node, isOwn ? undefined : node.id, isOwn));
    for (const child of node.children) open.push({ node: child, caller: node.id, isOwn });
  }
}

function originalOf(frame: CallFrame, originals: OriginalFunctions | undefined): CallFrame {
  if (originals === undefined || frame.url === '') return frame;
  const { functionName: name, url, lineNumber, columnNumber } = frame;
  const found = { name, file: filePath(url), line: lineNumber + 1, column: columnNumber + 1 };
  const original = originals.of(found);
  if (original === found) return frame;
  const { file, line, column } = original;
  return { ...frame, functionName: original.name, url: file, lineNumber: line - 1, columnNumber: column - 1 };
}

function isOwnFunction({ functionName, url }: CallFrame): boolean {
  return url === '' && functionName === OWN_FUNCTION;
}

/** Bytes by node; the key undefined is for allocations outside of all functions. */
export type BytesByNode = ReadonlyMap<number | undefined, number>;

/** Returns the sum of the samples by node, without heapray's own. */
export function bytesByNode(
  samples: Iterable<Sample>,
  amountOf: (sample: Sample) => number = ({ bytes }) => bytes,
): BytesByNode {
  const sums = new Map<number | undefined, number>();
  for (const sample of samples) {
    if (!sample.isOwn) sums.set(sample.node, (sums.get(sample.node) ?? 0) + amountOf(sample));
  }
  return sums;
}
