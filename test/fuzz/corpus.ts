// The captures that are damaged: the small golden ones of all formats, as they are, decompressed or compressed.
import { readdirSync, readFileSync } from 'node:fs';
import { MemrayAnalyzer, MemrayConverter } from '@heapray/exporter/memray';
import type { Random } from '../../packages/exporter/test/memray/support/random.js';

const GOLDEN = new URL('../golden/memray/', import.meta.url);
const MAX_BYTES = 30_000;
const FRAME_HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const BLOCK_MAX = 2 ** 16;

/** Returns them ordered by name, so that the same number means the same capture everywhere. */
export function readCorpus(): readonly Uint8Array[] {
  const files = [GOLDEN, new URL('synthetic/', GOLDEN)].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.bin'))
      .sort()
      .map((name) => new Uint8Array(readFileSync(new URL(name, folder)))),
  );
  const small = files.filter(({ length }) => length <= MAX_BYTES);
  return small.flatMap((file) => {
    const other = file[0] === FRAME_HEADER[0] ? unpacked(file) : packed(file);
    return [file, ...(other.length <= MAX_BYTES * 4 ? [other] : [])];
  });
}

/** Returns one capture of the corpus; smaller ones more often, because they take less time. */
export function pickCapture(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const [a, b] = [random.pick(corpus), random.pick(corpus)];
  return a.length < b.length ? a : b;
}

function unpacked(file: Uint8Array): Uint8Array {
  const probe = new MemrayAnalyzer();
  probe.push(file);
  const converter = new MemrayConverter(probe.header!.format);
  converter.push(file);
  converter.end();
  return converter.take();
}

/** Returns the file as an LZ4 frame of stored blocks. */
function packed(file: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from(FRAME_HEADER)];
  for (let at = 0; at < file.length; at += BLOCK_MAX) {
    const block = file.subarray(at, at + BLOCK_MAX);
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, (0x8000_0000 | block.length) >>> 0, true);
    parts.push(size, block);
  }
  return new Uint8Array(Buffer.concat([...parts, new Uint8Array(4)]));
}
