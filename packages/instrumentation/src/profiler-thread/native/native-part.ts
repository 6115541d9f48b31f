import type { LabelsHandle, ProfileBuilder, StackHandle } from '@heapray/exporter/profile';
import type { InUseByKind, ProfilePart } from '../profiles/index.js';
import type { NativeFrame } from './native-frames.js';
import type { NativeHeap } from './native-heap.js';
import type { NativeAmounts, NativeStackIndex, NativeState } from './native-stacks.js';
import { nativeText } from './native-text.js';

/** Functions through which all data outside of V8's heap is allocated: Buffers and other ArrayBuffers. */
const ARRAY_BUFFERS = /ArrayBufferAllocator::|BackingStore::Allocate/;
const COMMENT =
  'kind=native: memory from malloc by native stack, from dumps of jemalloc; without JavaScript frames, which its unwinder cannot read';
const NO_ALLOCATIONS =
  'kind=native: what was allocated and freed is not counted; heapray run --native-alloc counts it';

export interface NativePartDeps {
  readonly heap: NativeHeap;
  readonly component: () => string;
  /** Returns the package of a file, see `PackageLookup`. */
  readonly packageOf: (file: string) => string;
}

/**
 * The native heap as a part of a profile. Buffers by call site are in the profile already: what is in use of them is
 * left out here, from all stacks that allocate Buffers in proportion, because no counter says which ones they are.
 */
export class NativePart implements ProfilePart {
  readonly #deps: NativePartDeps;

  constructor(deps: NativePartDeps) {
    this.#deps = deps;
  }

  addTo(builder: ProfileBuilder, inUse: InUseByKind): void {
    const state = this.#deps.heap.current();
    if (state !== undefined) this.#add(builder, state, undefined, inUse);
  }

  past(from: number | undefined, to: number | undefined): ProfilePart {
    const { heap } = this.#deps;
    return {
      addTo: (builder, inUse) => {
        const before = from === undefined ? undefined : heap.nearest(from);
        const state = to === undefined ? heap.current() : heap.nearest(to);
        if (state !== undefined) this.#add(builder, state, before, inUse);
      },
    };
  }

  text(): readonly string[] {
    const { heap } = this.#deps;
    const state = heap.current();
    return state === undefined ? [] : nativeText(heap, state);
  }

  #add(
    builder: ProfileBuilder,
    state: NativeState,
    before: NativeState | undefined,
    inUse: InUseByKind,
  ): void {
    const { heap } = this.#deps;
    const { stacks, frames } = heap;
    frames.lookUp(
      [...state.amounts.keys()].map((index) => stacks.addresses(index)),
      state.mappings,
    );
    const rows = [...changes(state, before)].map(([index, amounts]) => {
      const stack = frames.of(stacks.addresses(index));
      return { stack, amounts, isBuffers: stack.some(({ name }) => ARRAY_BUFFERS.test(name)) };
    });
    const bytes = (isBuffers: boolean) =>
      rows.reduce((sum, row) => sum + (row.isBuffers === isBuffers ? row.amounts.inUse.bytes : 0), 0);
    const buffers = bytes(true);
    const known = Math.min(buffers, inUse.bytes('array_buffer'));
    const share = buffers > 0 ? 1 - known / buffers : 1;
    const labels = new Labels(builder, this.#deps);
    for (const { stack, amounts, isBuffers } of rows) {
      const part = isBuffers ? share : 1;
      const values = [
        amounts.allocated.objects,
        amounts.allocated.bytes,
        amounts.inUse.objects * part,
        amounts.inUse.bytes * part,
      ];
      builder.add(stackOf(builder, stack), values, labels.of(stack));
    }
    // The rest of the resident memory is split by kind: these bytes are not in its `malloc`, but in its Buffers.
    inUse.add('array_buffer', buffers - known);
    inUse.add('native', bytes(false));
    builder.comment(COMMENT);
    if (rows.every(({ amounts }) => amounts.allocated.bytes === 0)) builder.comment(NO_ALLOCATIONS);
  }
}

/** Yields the amounts of a state, or what they have changed since an earlier one. */
function* changes(
  { amounts }: NativeState,
  before: NativeState | undefined,
): Generator<readonly [NativeStackIndex, NativeAmounts]> {
  if (before === undefined) return yield* amounts;
  for (const index of new Set([...amounts.keys(), ...before.amounts.keys()])) {
    const [to, from] = [amounts.get(index) ?? NOTHING, before.amounts.get(index) ?? NOTHING];
    const change = (column: keyof NativeAmounts) => ({
      objects: to[column].objects - from[column].objects,
      bytes: to[column].bytes - from[column].bytes,
    });
    yield [index, { inUse: change('inUse'), allocated: change('allocated') }];
  }
}

const NOTHING: NativeAmounts = { inUse: { objects: 0, bytes: 0 }, allocated: { objects: 0, bytes: 0 } };

function stackOf(builder: ProfileBuilder, frames: readonly NativeFrame[]): StackHandle | undefined {
  let stack: StackHandle | undefined;
  for (const { name, place } of frames.toReversed()) {
    const frame = place === undefined ? builder.frame(name, '', 0) : builder.nativeFrame(name, place);
    stack = builder.stack(stack, frame);
  }
  return stack;
}

/** Labels of native samples: the package is that of the innermost file below `node_modules`. */
class Labels {
  readonly #builder: ProfileBuilder;
  readonly #deps: NativePartDeps;

  constructor(builder: ProfileBuilder, deps: NativePartDeps) {
    this.#builder = builder;
    this.#deps = deps;
  }

  of(stack: readonly NativeFrame[]): LabelsHandle {
    const file = stack.find(({ file }) => file?.includes('/node_modules/') && file.endsWith('.node'))?.file;
    const { component, packageOf } = this.#deps;
    return this.#builder.labels({
      kind: 'native',
      component: component(),
      ...(file !== undefined && { package: packageOf(file) }),
    });
  }
}
