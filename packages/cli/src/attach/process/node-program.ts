import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Text that each Node with an inspector contains, because it prints it. */
const MARK = Buffer.from('Debugger listening on ');
const CHUNK_BYTES = 2 ** 20;
/** A Node that is a library, as Debian builds it. */
const LIBRARY = /\s(\/\S*\/libnode\.so[^\s]*)$/gm;

/**
 * Returns whether a process is a Node with an inspector, by the contents of its executable and libraries. Its name says
 * little: other programs are called `node` too, and SIGUSR1 would end them.
 */
export function isNodeProgram(pid: number): boolean {
  return programFiles(pid).some(containsMark);
}

function programFiles(pid: number): readonly string[] {
  const files = [`/proc/${pid}/exe`];
  try {
    const libraries = nodeLibraries(readFileSync(`/proc/${pid}/maps`, 'utf8'));
    return [...files, ...libraries.map((library) => `/proc/${pid}/root${library}`)];
  } catch {
    return files;
  }
}

/** Returns the paths of Node's library in the text of `/proc/PID/maps`. */
export function nodeLibraries(maps: string): readonly string[] {
  return [...new Set([...maps.matchAll(LIBRARY)].map(([, file = '']) => file))];
}

function containsMark(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    // Keep the end of the previous piece before each piece: the text may lie across their border.
    const buffer = Buffer.alloc(MARK.length + CHUNK_BYTES);
    for (;;) {
      const count = readSync(descriptor, buffer, MARK.length, CHUNK_BYTES, null);
      if (count === 0) return false;
      if (buffer.subarray(0, MARK.length + count).includes(MARK)) return true;
      buffer.copyWithin(0, count, count + MARK.length);
    }
  } catch {
    return false;
  } finally {
    closeSync(descriptor);
  }
}
