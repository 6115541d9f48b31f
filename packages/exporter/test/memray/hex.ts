/** The bytes of a hex dump: what follows `//` on a line is a remark, blanks are free. */
export function hex(dump: string): Uint8Array {
  const digits = dump
    .split('\n')
    .map((line) => line.replace(/\/\/.*/, ''))
    .join('')
    .replaceAll(/\s+/g, '');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Two-digit hex bytes, for readable failures. */
export function dump(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').replaceAll(/../g, '$& ').trim();
}
