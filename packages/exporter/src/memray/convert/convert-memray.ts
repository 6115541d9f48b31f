import { ByteWriter } from '../../wire/byte-writer.js';
import { headerOffsets, type MemrayHeader } from '../format/header.js';
import { limitsWith, type MemrayLimits } from '../format/limits.js';
import type { MemrayFormat } from '../format/memray-format.js';
import { trailerOf } from '../format/records.js';
import { CaptureModel } from '../model/capture-model.js';
import { type CaptureEnd, RecordStream } from '../read/record-stream.js';
import type { HeaderPatch } from '../write/memray-writer.js';
import { type RecordConverter, writeConvertedHeader } from './convert-base.js';
import { ConverterTo11 } from './convert-to-11.js';
import { ConverterTo12 } from './convert-to-12.js';

/**
 * Converts a capture between formats as its bytes arrive, so that a version of memray can read a format it does not
 * support. The result is not compressed.
 *
 * Records of 12 and 13 are equal and are copied byte by byte; the header of 12 has no search paths. Format 11 has no
 * object records and no line tables, so records are rewritten when converting from or to 11. Data after damage is
 * omitted.
 */
export class MemrayConverter {
  readonly #format: MemrayFormat;
  readonly #limits: MemrayLimits;
  readonly #out: ByteWriter = new ByteWriter();
  /** The bytes before the end of the header. */
  #start: Uint8Array[] = [];
  readonly #probe: RecordStream;
  #conversion: Conversion | undefined;
  #lastByte: number | undefined;

  constructor(format: MemrayFormat, options: { readonly limits?: Partial<MemrayLimits> } = {}) {
    this.#format = format;
    this.#limits = limitsWith(options.limits);
    this.#probe = new RecordStream(new CaptureModel(this.#limits, []), this.#limits);
  }

  /** True if no more bytes are needed: the trailer was read, or damage was found. */
  get stopped(): boolean {
    return this.#conversion?.stream.stopped === true;
  }

  /** True if more bytes would change no result: see {@link RecordStream.settled}. */
  get settled(): boolean {
    return this.#conversion?.stream.settled === true;
  }

  /**
   * Reads the next bytes.
   *
   * @throws FormatError when this is not a supported capture, or it exceeds a limit
   */
  push(bytes: Uint8Array): void {
    if (this.#conversion !== undefined) return this.#conversion.stream.push(bytes);
    // Do not use `slice`, which does not copy a Buffer.
    this.#start.push(new Uint8Array(bytes));
    this.#probe.push(bytes);
    this.#begin();
  }

  /** Returns the bytes converted since the last call. */
  take(): Uint8Array {
    const taken = this.#out.take();
    this.#lastByte = taken.at(-1) ?? this.#lastByte;
    return taken;
  }

  /**
   * Ends the input. {@link take} returns the last bytes afterwards.
   *
   * @throws FormatError when the header is incomplete
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

  /** Returns the header fields to overwrite in the finished capture, whose values are known only at its end. */
  headerPatches(): readonly HeaderPatch[] {
    const frameCount = this.#conversion?.converter?.frameCount;
    if (this.#format !== 11 || frameCount === undefined) return [];
    const out = new ByteWriter();
    out.u64(frameCount);
    return [{ offset: headerOffsets(11).frameCount, bytes: out.take() }];
  }

  /**
   * Adds a trailer if the last byte is zero. Readers drop zeros at the end of a raw file, so the last record must not
   * end with one.
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
  /** Undefined where records are copied. */
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
    // The copied records are decoded nonetheless: an invalid one ends the capture.
    const model = new CaptureModel(limits, []);
    const onRecords = (bytes: Uint8Array): void => out.bytes(bytes);
    return { stream: new RecordStream(model, { maxBytes, onRecords }), converter: undefined };
  }
  const converter = format === 11 ? new ConverterTo11(out, limits) : new ConverterTo12(out, format, limits);
  return { stream: new RecordStream(converter, { maxBytes }), converter };
}
