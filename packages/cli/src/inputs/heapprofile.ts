import { StackPackages } from '@heapray/exporter/call-sites';
import {
  type FrameHandle,
  type LabelsHandle,
  type Profile,
  ProfileBuilder,
  type StackHandle,
} from '@heapray/exporter/profile';
import { HeapNodeReader, type HeapNodes, NONE } from './heap-nodes.js';
import { ownPackage } from './own-package.js';

/**
 * Reads a `.heapprofile` as its bytes come, as V8, Node's `--heap-prof` and Chrome write it: one column, the bytes in
 * use. Where it was recorded with collected objects included, these are the bytes allocated; the file does not say.
 */
export class HeapProfileDecoder {
  readonly #builder = new ProfileBuilder({
    columns: [{ type: 'inuse_space', unit: 'bytes' }],
    timeNanos: 0n,
    durationNanos: 0n,
  });
  readonly #nodes = new HeapNodeReader(this.#builder);

  /** @throws FormatError with one line that says what is wrong */
  push(bytes: Uint8Array): void {
    this.#nodes.push(bytes);
  }

  /** @throws FormatError when something is missing */
  end(): Profile {
    addNodes(this.#builder, this.#nodes.end());
    return this.#builder.build();
  }
}

/** The profile of a whole file. Throws as {@link HeapProfileDecoder} does. */
export function decodeHeapProfile(bytes: Uint8Array): Profile {
  const decoder = new HeapProfileDecoder();
  decoder.push(bytes);
  return decoder.end();
}

function addNodes(builder: ProfileBuilder, { count, parents, frames, sizes, files }: HeapNodes): void {
  const labelsOf = packageLabels(builder);
  const stacks = new Int32Array(count);
  /** Per node the frame whose file allocations of the runtime called from there are charged to. */
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
