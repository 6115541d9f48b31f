import type { MemrayHeader } from '../format/header.js';
import type { MemrayLimits } from '../format/limits.js';
import type { RecordHandler } from '../format/record-handler.js';
import { type CaptureDamage, type CaptureEnd, RecordStream } from '../read/record-stream.js';
import type { FollowedHeap } from './followed-heap.js';

/** Reads a capture as its bytes arrive. The base of the classes that make something of it. */
export abstract class CaptureReader {
  readonly #stream: RecordStream;
  readonly #heap: FollowedHeap | undefined;

  /**
   * Creates a reader at the start of a capture.
   *
   * @param handler receives the records
   * @param heap follows their heap events, and ends with the input
   */
  protected constructor(handler: RecordHandler, limits: MemrayLimits, heap?: FollowedHeap) {
    this.#stream = new RecordStream(handler, limits);
    this.#heap = heap;
  }

  /** Undefined until the header was read. */
  get header(): MemrayHeader | undefined {
    return this.#stream.header;
  }

  /** Offset of the next record, in bytes from the start of the (uncompressed) capture. */
  get offset(): number {
    return this.#stream.offset;
  }

  /** True if no more bytes are needed: the trailer was read, or damage was found. */
  get stopped(): boolean {
    return this.#stream.stopped;
  }

  /** True if more bytes would change no result: see {@link RecordStream.settled}. */
  get settled(): boolean {
    return this.#stream.settled;
  }

  /** True if the trailer was read. Otherwise the program is running or was killed, or the file was truncated. */
  get complete(): boolean {
    return this.#stream.complete;
  }

  /** The reason why reading stopped early. For a file that ends inside a record, set by {@link end}. */
  get damage(): CaptureDamage | undefined {
    return this.#stream.damage;
  }

  /**
   * Reads the next bytes. Ignores bytes after damage or the trailer.
   *
   * @throws FormatError when this is not a supported capture, or it exceeds a limit
   */
  push(bytes: Uint8Array): void {
    this.#cancelling(() => this.#stream.push(bytes));
  }

  /**
   * Ends the input, and returns the state of the file.
   *
   * @throws FormatError when the header is incomplete
   */
  end(): CaptureEnd {
    return this.#cancelling(() => {
      const end = this.#stream.end();
      this.#heap?.finish();
      return end;
    });
  }

  /** Calls `read`, and cancels the heap when it throws. */
  #cancelling<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#heap?.cancel();
      throw error;
    }
  }
}
