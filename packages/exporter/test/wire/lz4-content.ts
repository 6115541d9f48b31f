import { Random } from '../memray/support/random.js';

/**
 * Returns the contents of the files in test/golden/lz4: 300,000 bytes with short and long matches, near and as far back
 * as LZ4 allows, and runs of one byte, whose matches overlap themselves.
 */
export function lz4Content(): Uint8Array {
  const random = new Random(4);
  const content = new Uint8Array(300_000);
  for (let at = 0; at < 2000; at += 1) content[at] = random.below(256);
  let at = 2000;
  while (at < content.length) {
    const dice = random.next();
    const length = Math.min(content.length - at, dice < 0.1 ? 1 + random.below(5000) : 1 + random.below(80));
    if (dice < 0.02) for (let i = 0; i < length && i < 40; i += 1) content[at + i] = random.below(256);
    else if (dice < 0.2) content.fill(random.below(256), at, at + length);
    else {
      const back = 1 + random.below(Math.min(at, 65_535));
      for (let i = 0; i < length; i += 1) content[at + i] = content[at + i - back]!;
    }
    at += length;
  }
  return content;
}
