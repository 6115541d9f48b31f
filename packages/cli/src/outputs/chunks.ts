/** A piece of output; text is UTF-8. */
export type Chunk = string | Uint8Array;

const BATCH_BYTES = 2 ** 16;

/** The same output in fewer pieces, so that a line at a time is not a write at a time. */
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
