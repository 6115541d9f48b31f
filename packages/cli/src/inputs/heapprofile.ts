import { filePath, StackPackages } from '@heapray/exporter/call-sites';
import { FormatError } from '@heapray/exporter/pprof';
import {
  type LabelsHandle,
  type Profile,
  ProfileBuilder,
  type ProfileFrame,
  type StackHandle,
} from '@heapray/exporter/profile';
import { ownPackage } from './own-package.js';
import { type HeapNode, parseHeapProfile } from './parse-heapprofile.js';

const FORMAT = 'V8 heap profile';
/** More cannot be added up exactly. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;
const MAX_POSITION = 2 ** 31 - 1;

/** A node whose place in the profile is known, on its way into the builder. */
interface Visit {
  readonly node: HeapNode;
  readonly parent: StackHandle | undefined;
  /** The file that allocations of the runtime called from here are charged to; empty at the root. */
  readonly owner: string;
}

/**
 * Reads a `.heapprofile` as V8, Node's `--heap-prof` and Chrome write it: one column, the bytes in use. Where it
 * was recorded with collected objects included, these are the bytes allocated; the file does not say.
 * @throws FormatError with one line that says what is wrong
 */
export function decodeHeapProfile(bytes: Uint8Array): Profile {
  const head = parseHeapProfile(bytes);
  const builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  const labelsOf = packageLabels(builder);
  builder.add(undefined, [sizeOf(head)]);
  // Not recursive: a stack in a file may be deeper than ours.
  const visits: Visit[] = childrenOf(head, undefined, '');
  for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
    const frame = frameOf(visit.node);
    const { functionName, file, line, column } = frame;
    const ofRuntime = file === '' || file.startsWith('node:');
    const owner = ofRuntime ? visit.owner || file : file;
    const stack = builder.stack(visit.parent, builder.frame(functionName, file, line, column));
    builder.add(stack, [sizeOf(visit.node)], labelsOf(owner));
    for (const child of childrenOf(visit.node, stack, owner)) visits.push(child);
  }
  return builder.build();
}

function childrenOf(node: HeapNode, parent: StackHandle | undefined, owner: string): Visit[] {
  const { children = [] } = node;
  if (!Array.isArray(children)) throw new FormatError(FORMAT, '`children` is not a list');
  return children.map((child) => ({ node: child as HeapNode, parent, owner }));
}

/** The labels for allocations of a file. Interning them is slow next to a look at a map. */
function packageLabels(builder: ProfileBuilder): (file: string) => LabelsHandle {
  const folders = { libdest: '', sitePackages: [], sysPath: [] };
  const packages = new StackPackages({ language: 'node', ...folders }, ownPackage);
  const byFile = new Map<string, LabelsHandle>();
  return (file) => {
    const known = byFile.get(file);
    if (known !== undefined) return known;
    const labels = builder.labels({ package: packages.packageOf([{ functionName: '', file }]) });
    byFile.set(file, labels);
    return labels;
  };
}

function sizeOf(node: HeapNode): number {
  const size = node?.selfSize;
  if (typeof size === 'number' && size >= 0 && size <= MAX_SIZE) return size;
  // Other types are not shown: they may be of any length and depth.
  const found = typeof size === 'number' ? size : typeof size;
  throw new FormatError(FORMAT, `\`selfSize\` is ${found} and not a number of bytes`);
}

function frameOf(node: HeapNode): ProfileFrame {
  const { functionName, url, lineNumber, columnNumber } = node?.callFrame ?? {};
  if (typeof functionName !== 'string' || typeof url !== 'string') {
    throw new FormatError(FORMAT, 'a node has no `callFrame` with `functionName` and `url`');
  }
  return { functionName, file: filePath(url), line: position(lineNumber), column: position(columnNumber) };
}

/** V8 counts from 0 and says -1 for unknown. */
function position(counted: unknown): number {
  const known =
    typeof counted === 'number' && Number.isInteger(counted) && counted >= 0 && counted < MAX_POSITION;
  return known ? counted + 1 : 0;
}
