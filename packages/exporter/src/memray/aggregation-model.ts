import { ByteWriter } from '../wire/byte-writer.js';
import { CaptureModel } from './capture-model.js';
import { NativeRecordWriter } from './write-native.js';

/** An image that was read, and those of its segments that were. */
interface PendingImage {
  readonly path: string;
  readonly segmentCount: number;
  readonly loadHigh: number;
  readonly loadLow: number;
  readonly segments: { readonly addressHigh: number; readonly addressLow: number; readonly size: number }[];
}

/** Keeps native records as they will be written: their numbers stay the same, so nothing is looked up in them. */
export class AggregationModel extends CaptureModel {
  readonly #mapBytes = new ByteWriter();
  readonly #frameBytes = new ByteWriter();
  readonly #maps = new NativeRecordWriter(this.#mapBytes);
  readonly #frames = new NativeRecordWriter(this.#frameBytes);
  readonly #mapPieces: Uint8Array[] = [];
  readonly #framePieces: Uint8Array[] = [];
  /** An image says how many segments follow, and a capture may end before they do. */
  #pending: PendingImage | undefined;

  /** The maps read so far; one whose segments are not all there has those that are. */
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
    // A segment without an image, and more of them than were said, is damage and does not come here.
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
