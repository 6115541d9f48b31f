import { ByteWriter } from '../wire/byte-writer.js';
import { CaptureModel } from './capture-model.js';
import { type RecordConverter, writeConvertedHeader } from './convert-base.js';
import { ConverterTo11 } from './convert-to-11.js';
import { ConverterTo12 } from './convert-to-12.js';
import type { MemrayFormat } from './format.js';
import { headerOffsets, type MemrayHeader } from './header.js';
import { limitsWith, type MemrayLimits } from './limits.js';
import type { HeaderPatch } from './memray-writer.js';
import { type CaptureEnd, RecordStream } from './record-stream.js';
import { trailerOf } from './records.js';

/**
 * Converts a capture between formats as its bytes come, so that the memray that refuses one format reads it in
 * another. The result is not compressed.
 *
 * The records of 12 and 13 are the same and are copied byte by byte; 12 has no search paths in its header. Format
 * 11 has no object records and no line tables, so to and from 11 records are written anew. What follows damage is
 * left out.
 */
export class MemrayConverter {
  readonly #format: MemrayFormat;
  readonly #limits: MemrayLimits;
  readonly #out: ByteWriter = new ByteWriter();
  /** What comes before the header is all there. */
  #start: Uint8Array[] = [];
  readonly #probe: RecordStream;
  #conversion: Conversion | undefined;
  #lastByte: number | undefined;

  constructor(format: MemrayFormat, options: { readonly limits?: Partial<MemrayLimits> } = {}) {
    this.#format = format;
    this.#limits = limitsWith(options.limits);
    this.#probe = new RecordStream(new CaptureModel(this.#limits, []), this.#limits);
  }

  /** Whether nothing more is wanted: the trailer was read, or damage found. */
  get stopped(): boolean {
    return this.#conversion?.stream.stopped === true;
  }

  /** Whether nothing more can be learned: see {@link RecordStream.settled}. */
  get settled(): boolean {
    return this.#conversion?.stream.settled === true;
  }

  /**
   * Reads on.
   *
   * @throws FormatError when this is no capture we can read, or goes beyond a limit
   */
  push(bytes: Uint8Array): void {
    if (this.#conversion !== undefined) return this.#conversion.stream.push(bytes);
    // Not `slice`, which of a Buffer is no copy.
    this.#start.push(new Uint8Array(bytes));
    this.#probe.push(bytes);
    this.#begin();
  }

  /** What was converted since the last call. */
  take(): Uint8Array {
    const taken = this.#out.take();
    this.#lastByte = taken.at(-1) ?? this.#lastByte;
    return taken;
  }

  /**
   * Says that nothing more will come; {@link take} has the last bytes afterwards.
   *
   * @throws FormatError when not even the header is there
   */
  end(): CaptureEnd {
    if (this.#conversion === undefined) {
      this.#probe.end();
      this.#begin();
    }
    const end = this.#conversion!.stream.end();
    if (!end.complete) this.#close(end.header);
    return end;
  }

  /** What to write over the finished capture, in place: what only its end can say. */
  headerPatches(): readonly HeaderPatch[] {
    const frameCount = this.#conversion?.converter?.frameCount;
    if (this.#format !== 11 || frameCount === undefined) return [];
    const out = new ByteWriter();
    out.u64(frameCount);
    return [{ offset: headerOffsets(11).frameCount, bytes: out.take() }];
  }

  /**
   * The zeros at the end of a raw file belong to no record, so a last record must not end in them; behind a
   * trailer it is safe.
   */
  #close({ fileFormat }: MemrayHeader): void {
    const rest = this.#out.take();
    this.#out.bytes(rest);
    if ((rest.at(-1) ?? this.#lastByte) !== 0) return;
    this.#out.bytes(Uint8Array.of(trailerOf(this.#format, fileFormat)));
  }

  #begin(): void {
    const { header } = this.#probe;
    if (header === undefined) return;
    this.#conversion = begin(this.#out, header, this.#format, this.#limits);
    for (const bytes of this.#start) this.#conversion.stream.push(bytes);
    this.#start = [];
  }
}

interface Conversion {
  readonly stream: RecordStream;
  /** Absent where records are copied. */
  readonly converter: RecordConverter | undefined;
}

function begin(
  out: ByteWriter,
  header: MemrayHeader,
  format: MemrayFormat,
  limits: MemrayLimits,
): Conversion {
  const { maxBytes } = limits;
  if ((format === 11) === (header.format === 11)) {
    writeConvertedHeader(out, header, format);
    // Records are read nonetheless: one that makes no sense ends the capture.
    const model = new CaptureModel(limits, []);
    const onRecords = (bytes: Uint8Array): void => out.bytes(bytes);
    return { stream: new RecordStream(model, { maxBytes, onRecords }), converter: undefined };
  }
  const converter = format === 11 ? new ConverterTo11(out, limits) : new ConverterTo12(out, format, limits);
  return { stream: new RecordStream(converter, { maxBytes }), converter };
}
