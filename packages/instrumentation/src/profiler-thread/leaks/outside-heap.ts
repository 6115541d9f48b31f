import type { ResidentMemory, ResidentPart } from '../../protocol/resident-memory.js';
import { byteText } from './leak-message.js';

/** Names of the parts that may be larger than the heap. Pages of files are none: the system takes them back. */
const NAMES: Readonly<Partial<Record<ResidentPart, string>>> = {
  array_buffers: 'Buffers and other array buffers',
  external: 'strings and other data outside of the heap',
  malloc: 'native code',
  allocator_retained: 'memory that malloc keeps, or small blocks of native code',
  worker: 'heaps of worker threads',
  stack: 'stacks of threads',
  shared: 'shared memory',
  unexplained: 'memory that nothing explains',
};
/** Less than this is not worth a mention. */
const MIN_BYTES = 16 * 2 ** 20;

/** Describes the largest part outside of the heap, if it is larger than the heap. */
export function outsideHeapText(resident: ResidentMemory | undefined): string | undefined {
  if (resident === undefined) return undefined;
  const { heap = 0, heap_free: free = 0, code = 0 } = resident;
  const inHeap = heap + free + code;
  let largest: ResidentPart | undefined;
  let bytes = Math.max(inHeap, MIN_BYTES);
  for (const part of Object.keys(NAMES) as ResidentPart[]) {
    const some = resident[part] ?? 0;
    if (some <= bytes) continue;
    largest = part;
    bytes = some;
  }
  if (largest === undefined) return undefined;
  return `most memory is outside of the heap: ${byteText(bytes)} are ${NAMES[largest]} (${largest}), the heap has ${byteText(inHeap)}`;
}

/** Describes the resident memory by part, the largest first. */
export function residentText(resident: ResidentMemory): string {
  const parts = Object.entries(resident).filter(([, bytes]) => bytes !== 0);
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const texts = parts
    .sort(([, a], [, b]) => b - a)
    .map(
      ([part, bytes]) => `${part.replaceAll('_', ' ')} ${bytes < 0 ? '-' : ''}${byteText(Math.abs(bytes))}`,
    );
  return `resident memory ${byteText(total)}: ${texts.join(', ')}`;
}
