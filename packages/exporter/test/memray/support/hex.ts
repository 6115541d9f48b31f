/** Parses a hex dump. Text after `//` on a line is a comment, and spaces are ignored. */
export function hex(dump: string): Uint8Array {
  const digits = dump
    .split('\n')
    .map((line) => line.replace(/\/\/.*/, ''))
    .join('')
    .replaceAll(/\s+/g, '');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Formats bytes as two-digit hex, for readable failures. */
export function dump(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').replaceAll(/../g, '$& ').trim();
}
