import { ByteWriter } from '../../wire/byte-writer.js';
import { CaptureModel } from '../model/capture-model.js';
import { NativeRecordWriter } from '../write/write-native.js';

/** An image, and those of its segments that were read so far. */
interface PendingImage {
  readonly path: string;
  readonly segmentCount: number;
  readonly loadHigh: number;
  readonly loadLow: number;
  readonly segments: { readonly addressHigh: number; readonly addressLow: number; readonly size: number }[];
}

/**
 * A capture model that also encodes native records for the output. Their numbers do not change, so they are never
 * looked up.
 */
export class AggregationModel extends CaptureModel {
  readonly #mapBytes = new ByteWriter();
  readonly #frameBytes = new ByteWriter();
  readonly #maps = new NativeRecordWriter(this.#mapBytes);
  readonly #frames = new NativeRecordWriter(this.#frameBytes);
  readonly #mapPieces: Uint8Array[] = [];
  readonly #framePieces: Uint8Array[] = [];
  /** The latest image until all its segments were read. A capture may end before that. */
  #pending: PendingImage | undefined;

  /** Returns the records of the maps read so far. An incomplete image is written with the segments it has. */
  memoryMaps(): readonly Uint8Array[] {
    if (this.#mapBytes.length > 0) this.#mapPieces.push(this.#mapBytes.take());
    if (this.#pending === undefined) return this.#mapPieces;
    const out = new ByteWriter();
    writeImage(new NativeRecordWriter(out), this.#pending);
    return [...this.#mapPieces, out.take()];
  }

  nativeFrameRecords(): readonly Uint8Array[] {
    if (this.#frameBytes.length > 0) this.#framePieces.push(this.#frameBytes.take());
    return this.#framePieces;
  }

  override nativeFrame(ipHigh: number, ipLow: number, parent: number): void {
    super.nativeFrame(ipHigh, ipLow, parent);
    this.#frames.frame(ipHigh, ipLow, parent);
  }

  override memoryMapStart(): void {
    super.memoryMapStart();
    this.#maps.memoryMapStart();
  }

  override image(path: string, segmentCount: number, loadHigh: number, loadLow: number): void {
    super.image(path, segmentCount, loadHigh, loadLow);
    this.#pending = { path, segmentCount, loadHigh, loadLow, segments: [] };
    this.#writeWholeImage(this.#pending);
  }

  override segment(addressHigh: number, addressLow: number, size: number): void {
    super.segment(addressHigh, addressLow, size);
    // A segment without an image, or one too many, is damage, and the reader rejects it before.
    this.#pending?.segments.push({ addressHigh, addressLow, size });
    if (this.#pending !== undefined) this.#writeWholeImage(this.#pending);
  }

  #writeWholeImage(image: PendingImage): void {
    if (image.segments.length < image.segmentCount) return;
    writeImage(this.#maps, image);
    this.#pending = undefined;
  }
}

function writeImage(maps: NativeRecordWriter, { path, segments, loadHigh, loadLow }: PendingImage): void {
  maps.image(path, segments.length, loadHigh, loadLow);
  for (const { addressHigh, addressLow, size } of segments) maps.segment(addressHigh, addressLow, size);
}
