import fs from 'node:fs';

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants;

/**
 * Reads a regular file. Opening never waits, as it would for the other end of a pipe. Reading stops after
 * `maxBytes`, even if the file claims to be empty, as in `/proc`.
 *
 * @throws what `fs` throws, or an error with the code `EINVAL` if it is not a regular file, or `EFBIG` if it
 *   is too large
 */
export function readRegularFile(path: string, maxBytes: number): Uint8Array {
  // Check before opening, which may have side effects on a device.
  if (!fs.statSync(path).isFile()) throw refusal('EINVAL', 'not a regular file', path);
  const descriptor = fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const found = fs.fstatSync(descriptor);
    if (!found.isFile()) throw refusal('EINVAL', 'not a regular file', path);
    if (found.size > maxBytes) throw refusal('EFBIG', `more than ${maxBytes} bytes`, path);
    return readToEnd(descriptor, found.size, maxBytes, path);
  } finally {
    fs.closeSync(descriptor);
  }
}

function readToEnd(descriptor: number, size: number, maxBytes: number, path: string): Uint8Array {
  // Read one byte more than expected, to see the end.
  let bytes = Buffer.alloc(Math.max(size, 4095) + 1);
  let filled = 0;
  for (;;) {
    const count = fs.readSync(descriptor, bytes, filled, bytes.length - filled, null);
    if (count === 0) return bytes.subarray(0, filled);
    filled += count;
    if (filled > maxBytes) throw refusal('EFBIG', `more than ${maxBytes} bytes`, path);
    if (filled === bytes.length) bytes = Buffer.concat([bytes], 2 * filled);
  }
}

function refusal(code: string, what: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${what}, '${path}'`), { code });
}
