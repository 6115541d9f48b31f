const FRAME_HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const BLOCK_BYTES = 2 ** 16;

/** Returns the bytes as an LZ4 frame with uncompressed blocks. */
export function storedFrame(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(FRAME_HEADER)];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const size = Buffer.alloc(4);
    size.writeUInt32LE((0x8000_0000 | block.length) >>> 0);
    parts.push(size, block);
  }
  return Buffer.concat([...parts, new Uint8Array(4)]);
}
