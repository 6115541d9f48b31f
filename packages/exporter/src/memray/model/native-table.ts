import { grown } from '../../tables/typed-arrays.js';
import { beyond, type MemrayLimits } from '../format/limits.js';
import { SegmentOffsets } from './segment-offsets.js';

/** A native frame. A capture has no symbols, only the address of the code. */
export interface NativeFrame {
  /** The return address from the unwinder. The call ends one byte before. */
  readonly address: bigint;
  /** Path of the loaded file that contains it; undefined when unknown. */
  readonly path: string | undefined;
  /** Address within the file, as an ELF virtual address. */
  readonly fileAddress: bigint | undefined;
  /** Address where the file's segment with this frame is loaded. */
  readonly start: bigint | undefined;
  readonly limit: bigint | undefined;
  /**
   * Offset of the segment in the file; undefined when the capture does not determine it. See {@link SegmentOffsets}.
   */
  readonly fileOffset: bigint | undefined;
}

/** A loaded file. */
interface Image {
  readonly path: string;
  readonly load: bigint;
  readonly offsets: SegmentOffsets;
}

interface Segment {
  readonly start: bigint;
  readonly end: bigint;
  readonly fileOffset: bigint | undefined;
  readonly image: Image;
}

/** The frames of a {@link NativeTable} by number, and its memory maps by generation, for another thread. */
export interface NativeTableState {
  readonly ipHigh: Uint32Array<ArrayBuffer>;
  readonly ipLow: Uint32Array<ArrayBuffer>;
  readonly parents: Int32Array<ArrayBuffer>;
  readonly generations: readonly (readonly SegmentState[])[];
}

interface SegmentState {
  readonly start: bigint;
  readonly end: bigint;
  readonly fileOffset: bigint | undefined;
  readonly path: string;
  readonly load: bigint;
}

/** The native frames of a capture, and its memory maps. */
export class NativeTable {
  readonly #limits: MemrayLimits;
  #ipHigh: Uint32Array<ArrayBuffer> = new Uint32Array(64);
  #ipLow: Uint32Array<ArrayBuffer> = new Uint32Array(64);
  #parents: Int32Array<ArrayBuffer> = new Int32Array(64);
  #size = 0;
  /** Segments of the memory map by generation. Generation 0 is the one before any map. */
  #generations: Segment[][] = [[]];
  #segments = 0;
  #textBytes = 0;
  #image: Image = imageOf('', 0n);

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
  }

  /** Creates a table for look-ups. It accepts no more frames. */
  static of(limits: MemrayLimits, { ipHigh, ipLow, parents, generations }: NativeTableState): NativeTable {
    const table = new NativeTable(limits);
    table.#ipHigh = ipHigh;
    table.#ipLow = ipLow;
    table.#parents = parents;
    table.#size = parents.length - 1;
    table.#generations = generations.map((segments) =>
      segments.map(({ path, load, ...segment }) => ({ ...segment, image: imageOf(path, load) })),
    );
    return table;
  }

  /** Copy of the frames and memory maps. */
  get state(): NativeTableState {
    const end = this.#size + 1;
    return {
      ipHigh: this.#ipHigh.slice(0, end),
      ipLow: this.#ipLow.slice(0, end),
      parents: this.#parents.slice(0, end),
      generations: this.#generations.map((segments) =>
        segments.map(({ image: { path, load }, ...segment }) => ({ ...segment, path, load })),
      ),
    };
  }

  get generation(): number {
    return this.#generations.length - 1;
  }

  /** Adds a frame. The first one is number 1. */
  add(ipHigh: number, ipLow: number, parent: number): void {
    const index = ++this.#size;
    if (index > this.#limits.maxFrames) throw beyond('native frames', this.#limits.maxFrames, 'maxFrames');
    if (index === this.#parents.length) this.#grow();
    this.#ipHigh[index] = ipHigh;
    this.#ipLow[index] = ipLow;
    this.#parents[index] = parent;
  }

  startGeneration(): void {
    this.#count(1);
    this.#generations.push([]);
  }

  startImage(path: string, load: bigint): void {
    this.#textBytes += path.length;
    if (this.#textBytes > this.#limits.maxTextBytes) {
      throw beyond('bytes of paths', this.#limits.maxTextBytes, 'maxTextBytes');
    }
    this.#count(1);
    this.#image = imageOf(path, load);
  }

  addSegment(address: bigint, size: number): void {
    this.#count(1);
    const image = this.#image;
    const start = BigInt.asUintN(64, image.load + address);
    const bytes = BigInt(size);
    const fileOffset = image.offsets.next(address, bytes);
    this.#generations.at(-1)!.push({ start, end: start + bytes, fileOffset, image });
  }

  /** Returns the frames of native stack `id` from the innermost outwards, with the files loaded in `generation`. */
  frames(id: number, generation: number): readonly NativeFrame[] {
    const frames: NativeFrame[] = [];
    for (let at = this.known(id); at !== 0; at = this.caller(at)) frames.push(this.frame(at, generation));
    return frames;
  }

  /** Returns `id`, or 0 if the stack is unknown. */
  known(id: number): number {
    return id > 0 && id <= this.#size ? id : 0;
  }

  /**
   * Returns the native stack of the caller of the innermost frame; 0 for none. Parents come before their children in a
   * valid file; requiring it ends the walk in any file.
   */
  caller(id: number): number {
    const parent = this.#parents[id]!;
    return parent < id && parent > 0 ? parent : 0;
  }

  /** Returns the innermost frame of native stack `id`, with the files loaded in `generation`. */
  frame(id: number, generation: number): NativeFrame {
    const address = (BigInt(this.#ipHigh[id]!) << 32n) | BigInt(this.#ipLow[id]!);
    const called = address - 1n;
    const segment = this.#generations[generation]?.find(({ start, end }) => start <= called && called < end);
    const { path, load } = segment?.image ?? {};
    return {
      address,
      path,
      fileAddress: load === undefined ? undefined : address - load,
      start: segment?.start,
      limit: segment?.end,
      fileOffset: segment?.fileOffset,
    };
  }

  #count(entries: number): void {
    this.#segments += entries;
    if (this.#segments > this.#limits.maxFrames) {
      throw beyond('entries of memory maps', this.#limits.maxFrames, 'maxFrames');
    }
  }

  #grow(): void {
    const length = this.#parents.length * 2;
    this.#ipHigh = grown(this.#ipHigh, new Uint32Array(length));
    this.#ipLow = grown(this.#ipLow, new Uint32Array(length));
    this.#parents = grown(this.#parents, new Int32Array(length));
  }
}

function imageOf(path: string, load: bigint): Image {
  return { path, load, offsets: new SegmentOffsets() };
}
