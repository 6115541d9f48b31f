// Counts the allocations of a capture by function and size, from its records.
import { type RecordHandler, RecordStream } from '@heapray/exporter/memray';

export interface Allocations {
  /** Number of allocations by innermost function and size in bytes. */
  readonly functions: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly count: number;
  readonly bytes: number;
}

/** Reads an uncompressed capture of format 12 or 13. */
export function allocationsIn(capture: Uint8Array): Allocations {
  const names = new Map<number, string>();
  const stacks = new Map<number, string[]>();
  const functions = new Map<string, Map<number, number>>();
  let stack: string[] = [];
  let count = 0;
  let bytes = 0;
  const handled: Partial<RecordHandler> = {
    contextSwitch: (_high, low) => {
      stack = stacks.get(low) ?? [];
      stacks.set(low, stack);
    },
    codeObject: (id, name) => void names.set(id, name),
    push: (id) => void stack.push(names.get(id) ?? ''),
    pop: (frames) => void stack.splice(stack.length - frames),
    allocation: (_high, _low, size) => {
      if (size === 0) return;
      count++;
      bytes += size;
      const name = stack.at(-1) ?? '';
      const sizes = functions.get(name) ?? new Map<number, number>();
      functions.set(name, sizes);
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
    },
  };
  const ignore = () => {};
  const handler = new Proxy(handled, {
    get: (target, key) => Reflect.get(target, key) ?? ignore,
  }) as RecordHandler;
  const stream = new RecordStream(handler);
  stream.push(capture);
  stream.end();
  return { functions, count, bytes };
}
