import { meaningOfPseudoFrame, NO_CALL_SITE, type ProfileBuilder } from '@heapray/exporter/profile';
import { RESIDENT_PARTS, type ResidentMemory, type ResidentPart } from '../../protocol/resident-memory.js';
import type { InUseByKind, ProfilePart } from './profile-part.js';

/** Frame and label `kind` of each part. */
const FRAMES: Readonly<Record<ResidentPart, readonly [frame: string, kind: string]>> = {
  heap: ['(heap: garbage not collected)', 'heap'],
  heap_free: ['(heap: free but committed)', 'heap'],
  code: ['(code)', 'code'],
  array_buffers: ['(array buffers)', 'array_buffer'],
  external: ['(external)', 'external'],
  malloc: ['(malloc)', 'malloc'],
  allocator_retained: ['(allocator retained)', 'allocator_retained'],
  worker: ['(worker heaps)', 'worker'],
  profiler: ['(profiler)', 'profiler'],
  stack: ['(thread stacks)', 'stack'],
  mapped_file: ['(mapped files)', 'mapped_file'],
  shared: ['(shared memory)', 'shared'],
  unexplained: ['(unexplained)', 'unexplained'],
};

/** Parts in which memory lies that native code allocates. */
const NATIVE: readonly ResidentPart[] = ['malloc', 'allocator_retained', 'external', 'array_buffers'];

/**
 * The resident memory that no call site has: makes `inuse_space` of a profile add up to all of it. Where call sites have more
 * than a part, because they are estimates, the excess is subtracted from what is unexplained.
 */
export class ResidentRemainder implements ProfilePart {
  readonly #resident: ResidentMemory;

  constructor(resident: ResidentMemory) {
    this.#resident = resident;
  }

  addTo(builder: ProfileBuilder, inUse: InUseByKind): void {
    const left = new Map(RESIDENT_PARTS.map((part) => [part, this.#resident[part] ?? 0]));
    const take = (parts: readonly ResidentPart[], bytes: number) => {
      let excess = bytes;
      for (const part of parts) {
        const taken = Math.min(excess, Math.max(0, left.get(part) ?? 0));
        left.set(part, (left.get(part) ?? 0) - taken);
        excess -= taken;
      }
      left.set('unexplained', (left.get('unexplained') ?? 0) - excess);
    };
    take(['heap'], inUse.bytes('heap'));
    take(['worker'], inUse.bytes('worker'));
    take(['array_buffers'], inUse.bytes('array_buffer'));
    take(NATIVE, inUse.bytes('native'));
    const root = builder.stack(undefined, builder.frame(NO_CALL_SITE, '', 0));
    for (const [part, bytes] of left) {
      if (bytes === 0) continue;
      const [frame, kind] = FRAMES[part];
      const stack = builder.stack(root, builder.frame(frame, '', 0));
      builder.add(stack, [0, 0, 0, bytes], builder.labels({ kind }));
      inUse.add(kind, bytes);
    }
    builder.comment(`${NO_CALL_SITE}: ${meaningOfPseudoFrame(NO_CALL_SITE)}`);
  }
}
