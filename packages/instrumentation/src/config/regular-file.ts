import fs from 'node:fs';

const { O_RDONLY, O_NONBLOCK = 0, O_NOCTTY = 0 } = fs.constants;

/**
 * Reads a regular file. Opening never waits, as it would for the other end of a pipe, and reading ends after `maxBytes`,
 * also where a file says that it is empty and is not, as in `/proc`.
 *
 * @throws what `fs` throws, or an error with the code `EINVAL`, when it is no regular file, or `EFBIG`
 */
export function readRegularFile(path: string, maxBytes: number): Uint8Array {
  // A device may do something when it is opened.
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
  // A byte more than expected shows the end.
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
