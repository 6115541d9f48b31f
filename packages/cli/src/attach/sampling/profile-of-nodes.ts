import { filePath } from '@heapray/exporter/call-sites';
import { type Profile, ProfileBuilder, type StackHandle, type ValueColumn } from '@heapray/exporter/profile';
import { packageLabels } from '../../inputs/heapprofile/package-labels.js';
import type { BytesByNode, CallFrame, StackNodes } from './reading.js';

/** A column of a profile, and its values. */
export interface NodeColumn extends ValueColumn {
  readonly values: BytesByNode;
}

export interface NodeProfileOptions {
  readonly columns: readonly NodeColumn[];
  /** Type of the column that is displayed first. Default: the first one. */
  readonly defaultColumn?: string;
  readonly nodes: StackNodes;
  /** Time of the reading in ms since the Unix epoch, and the length of the time that it covers. */
  readonly atMillis: number;
  readonly durationMillis: number;
  /** Mean bytes between two samples; 0 if unknown. */
  readonly interval: number;
  readonly program: string;
  readonly comments: readonly string[];
  /** Values without a stack, by the name of the frame that stands for it. */
  readonly others?: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const NANOS_PER_MILLI = 1e6;

/** Makes a profile of amounts by stack. */
export function profileOfNodes(options: NodeProfileOptions): Profile {
  const { columns, nodes, interval, program, comments, others = [] } = options;
  const builder = new ProfileBuilder({
    columns: columns.map(({ type, unit }) => ({ type, unit })),
    defaultColumn: options.defaultColumn ?? columns[0]?.type,
    period: { type: 'space', unit: 'bytes', value: interval },
    timeNanos: nanos(options.atMillis),
    durationNanos: nanos(options.durationMillis),
    program,
    comments,
  });
  const labelsOf = packageLabels(builder, { kind: 'heap' });
  const valuesOf = (node: number | undefined) => columns.map(({ values }) => values.get(node) ?? 0);
  const stacks = new Map<number, StackHandle>();
  /** File that is charged with what the runtime allocates below it. */
  const owners = new Map<number, string>();
  builder.add(undefined, valuesOf(undefined), labelsOf(''));
  for (const [id, { callFrame, caller }] of nodes) {
    const file = filePath(callFrame.url);
    const owner = caller === undefined ? '' : (owners.get(caller) ?? '');
    owners.set(id, isRuntime(file) && owner !== '' ? owner : file);
    const { functionName, lineNumber, columnNumber } = callFrame;
    const frame = builder.frame(functionName, file, lineNumber + 1, columnNumber + 1);
    const stack = builder.stack(caller === undefined ? undefined : stacks.get(caller), frame);
    stacks.set(id, stack);
    builder.add(stack, valuesOf(id), labelsOf(owners.get(id)!));
  }
  for (const { name, values } of others) {
    builder.add(builder.stack(undefined, builder.frame(name, '', 0)), values, labelsOf(''));
  }
  return builder.build();
}

/** Returns the frames of a stack, the outermost first. */
export function stackOf(node: number | undefined, nodes: StackNodes): readonly CallFrame[] {
  const frames: CallFrame[] = [];
  for (let at = node; at !== undefined; ) {
    const found = nodes.get(at);
    if (found === undefined) break;
    frames.push(found.callFrame);
    at = found.caller;
  }
  return frames.reverse();
}

function isRuntime(file: string): boolean {
  return file === '' || file.startsWith('node:');
}

function nanos(millis: number): bigint {
  return BigInt(Math.max(0, Math.round(millis * NANOS_PER_MILLI)));
}
