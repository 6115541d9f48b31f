/** A message: a header, and bytes. */
export interface Frame {
  /** Any JSON value: the other side may be anything. */
  readonly header: unknown;
  readonly body: Buffer;
}

/** Length of a header and length of a body, 4 bytes each. */
const PREFIX_BYTES = 8;
/** Maximum length of a header. */
const MAX_HEADER_BYTES = 64 * 1024;
const EMPTY = new Uint8Array(0);

/** Encodes a message: the lengths of header and body as big-endian integers of 4 bytes, JSON, bytes. */
export function encodeFrame(header: object, body: Uint8Array = EMPTY): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(json.length, 0);
  prefix.writeUInt32BE(body.length, 4);
  return Buffer.concat([prefix, json, body]);
}

/** Reads messages from pieces of any size. Keeps at most one incomplete message. */
export class FrameReader {
  readonly #maxBodyBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;
  /** Length of the present message; undefined until its lengths have arrived. */
  #wanted: { readonly header: number; readonly body: number } | undefined;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /**
   * Returns the messages that a piece completes.
   *
   * @throws RangeError for a message that is too long, SyntaxError for a header that is not JSON
   */
  push(piece: Buffer): Frame[] {
    this.#pieces.push(piece);
    this.#length += piece.length;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    if (this.#wanted === undefined) {
      if (this.#length < PREFIX_BYTES) return undefined;
      const prefix = this.#take(PREFIX_BYTES);
      this.#wanted = this.#checked(prefix.readUInt32BE(0), prefix.readUInt32BE(4));
    }
    const { header, body } = this.#wanted;
    if (this.#length < header + body) return undefined;
    this.#wanted = undefined;
    const json = this.#take(header).toString('utf8');
    return { header: JSON.parse(json), body: this.#take(body) };
  }

  #checked(header: number, body: number) {
    if (header > MAX_HEADER_BYTES || body > this.#maxBodyBytes) {
      throw new RangeError(`a message of ${header + body} bytes is too long`);
    }
    return { header, body };
  }

  #take(bytes: number): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = all.length > bytes ? [all.subarray(bytes)] : [];
    this.#length -= bytes;
    return all.subarray(0, bytes);
  }
}
