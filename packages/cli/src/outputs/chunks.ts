/** A piece of output. Text is written as UTF-8. */
export type Chunk = string | Uint8Array;

const BATCH_BYTES = 2 ** 16;

/** Combines output into fewer pieces, so that each line does not cause a write. */
export function* batched(chunks: Iterable<Chunk>): Generator<Uint8Array> {
  let texts: string[] = [];
  let length = 0;
  for (const chunk of chunks) {
    if (typeof chunk === 'string') {
      texts.push(chunk);
      length += chunk.length;
      if (length < BATCH_BYTES) continue;
    }
    if (length > 0) yield Buffer.from(texts.join(''));
    texts = [];
    length = 0;
    if (typeof chunk !== 'string') yield chunk;
  }
  if (length > 0) yield Buffer.from(texts.join(''));
}
