import fs from 'node:fs';

const { O_RDONLY, O_NONBLOCK = 0 } = fs.constants;

/** Thrown for a file that is larger than allowed. */
export class FileTooLarge extends Error {
  constructor(bytes: number, maxBytes: number) {
    super(`${bytes} bytes, more than the ${maxBytes} allowed`);
  }
}

/**
 * Reads the last bytes of a regular file, at most `maxBytes`; `whole` is true if that is all of it.
 *
 * @throws what `fs` throws; EINVAL if it is not a regular file
 */
export function readTail(
  file: string,
  maxBytes: number,
): { readonly bytes: Buffer; readonly whole: boolean } {
  return withFile(file, (descriptor, size) => {
    const length = Math.min(size, maxBytes);
    return { bytes: readAt(descriptor, size - length, length), whole: length === size };
  });
}

/**
 * Reads a whole regular file.
 *
 * @throws what `fs` throws; `FileTooLarge`; EINVAL if it is not a regular file
 */
export function readWhole(file: string, maxBytes: number): Buffer {
  return withFile(file, (descriptor, size) => {
    if (size > maxBytes) throw new FileTooLarge(size, maxBytes);
    return readAt(descriptor, 0, size);
  });
}

function withFile<T>(file: string, use: (descriptor: number, size: number) => T): T {
  // Check before opening: opening a pipe waits for its other end, and reading a device may never end.
  if (!fs.statSync(file).isFile()) throw notAFile(file);
  const descriptor = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  try {
    const found = fs.fstatSync(descriptor);
    // Check again, as it may have been replaced meanwhile.
    if (!found.isFile()) throw notAFile(file);
    return use(descriptor, found.size);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Reads up to `length` bytes; fewer if the file has become shorter. */
function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const count = fs.readSync(descriptor, bytes, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function notAFile(file: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`EINVAL: not a regular file, '${file}'`), { code: 'EINVAL' });
}
