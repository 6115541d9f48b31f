import { readdirSync, readFileSync } from 'node:fs';

const TASKS = '/proc/self/task';
/** Largest number of threads that are asked for their stack. */
const MAX_THREADS = 256;
/** System call, six arguments, stack pointer, program counter; or only the last two. */
const POINTER = /(?:^|\s)0x([0-9a-f]+) 0x[0-9a-f]+\n?$/;

/**
 * Returns the stack pointers of the threads that wait at the moment. Empty where the system does not report them, as without
 * a permission.
 */
export function readStackPointers(tasks: string = TASKS): readonly number[] {
  try {
    return readdirSync(tasks)
      .slice(0, MAX_THREADS)
      .flatMap((thread) => stackPointer(`${tasks}/${thread}/syscall`));
  } catch {
    return [];
  }
}

function stackPointer(file: string): number[] {
  try {
    const pointer = POINTER.exec(readFileSync(file, 'latin1'))?.[1];
    return pointer === undefined ? [] : [Number.parseInt(pointer, 16)];
  } catch {
    // The thread has ended, or runs without a permission to ask it.
    return [];
  }
}
