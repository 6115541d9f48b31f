import { type FrameHandle, type Profile, ProfileBuilder, type StackHandle } from '@heapray/exporter/profile';
import { HeapNodeReader, type HeapNodes, NONE } from './heap-nodes.js';
import { packageLabels } from './package-labels.js';

/**
 * Reads a `.heapprofile` of V8, Node's `--heap-prof` or Chrome as its bytes arrive. The profile has one column: bytes
 * in use. If it was recorded with collected objects, these are the allocated bytes; the file does not contain which.
 */
export class HeapProfileDecoder {
  readonly #builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  readonly #nodes = new HeapNodeReader(this.#builder);

  /**
   * Reads the next bytes.
   *
   * @throws FormatError with a one-line reason
   */
  push(bytes: Uint8Array): void {
    this.#nodes.push(bytes);
  }

  /**
   * Ends the input.
   *
   * @throws FormatError when the file is incomplete
   */
  end(): Profile {
    addNodes(this.#builder, this.#nodes.end());
    return this.#builder.build();
  }
}

function addNodes(builder: ProfileBuilder, { count, parents, frames, sizes, files }: HeapNodes): void {
  const labelsOf = packageLabels(builder);
  const stacks = new Int32Array(count);
  /** For each node, the frame whose file is charged with allocations of the runtime called there. */
  const owners = new Int32Array(count).fill(NONE);
  builder.add(undefined, [sizes[0]!]);
  for (let node = 1; node < count; node++) {
    const parent = parents[node]!;
    const frame = frames[node]!;
    const file = files[frame]!;
    const ofRuntime = file === '' || file.startsWith('node:');
    const caller = owners[parent]!;
    owners[node] = ofRuntime && caller !== NONE && files[caller] !== '' ? caller : frame;
    const callers = parent === 0 ? undefined : (stacks[parent] as StackHandle);
    const stack = builder.stack(callers, frame as FrameHandle);
    stacks[node] = stack;
    builder.add(stack, [sizes[node]!], labelsOf(files[owners[node]!]!));
  }
}
