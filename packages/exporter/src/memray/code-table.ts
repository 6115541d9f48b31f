import { beyond, type MemrayLimits } from './limits.js';
import { lineAt } from './line-table.js';
import { PairTable } from './pair-table.js';

/** A place in a program. An unknown function or file is empty, an unknown line 0. */
export interface MemrayLocation {
  readonly functionName: string;
  readonly file: string;
  /** The line that ran; in a capture of a Node program, where the function starts. */
  readonly line: number;
  /** Where the function starts. Format 11 does not say it: there it is `line`. */
  readonly firstLine: number;
}

const UNKNOWN: MemrayLocation = { functionName: '', file: '', line: 0, firstLine: 0 };
/** Bytes that an entry costs beside its text. */
const ENTRY_BYTES = 64;
/** An instruction offset and the entry bit must share a small integer. */
const MAX_OFFSET = 2 ** 30 - 1;
const NO_LINE_OFFSET = -1;

interface Code {
  readonly functionName: string;
  readonly file: string;
  readonly firstLine: number;
  /** `undefined` for a frame of format 11, whose line is `firstLine`. */
  readonly lineTable: Uint8Array | undefined;
}

/** The functions of a capture, and the frames in them: (function, instruction offset, entry). */
export class CodeTable {
  readonly #limits: MemrayLimits;
  /** The id in the file → our index, given at the first mention, be it a declaration or a use. */
  readonly #indexes: Map<number, number> = new Map();
  readonly #codes: (Code | undefined)[] = [];
  readonly #frames: PairTable = new PairTable();
  readonly #locations: (MemrayLocation | undefined)[] = [];
  #textBytes = 0;
  pythonVersion = 0;

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
  }

  /** Declares a function; of two declarations the later one counts, also for frames that were used before. */
  declare(id: number, functionName: string, file: string, firstLine: number, lineTable?: Uint8Array): void {
    this.#textBytes += functionName.length + file.length + (lineTable?.length ?? 0) + ENTRY_BYTES;
    if (this.#textBytes > this.#limits.maxTextBytes) {
      throw beyond('bytes of names and line tables', this.#limits.maxTextBytes, 'maxTextBytes');
    }
    this.#codes[this.#index(id)] = { functionName, file, firstLine, lineTable };
    this.#locations.length = 0;
  }

  /** The frame at this place of the function with this id, numbered from 1. */
  frame(id: number, offset: number, entry: boolean): number {
    const place = Math.abs(offset) <= MAX_OFFSET ? offset : NO_LINE_OFFSET;
    const frame = this.#frames.intern(this.#index(id), place * 2 + (entry ? 1 : 0));
    if (frame > this.#limits.maxFrames) throw beyond('frames', this.#limits.maxFrames, 'maxFrames');
    return frame;
  }

  /** Whether native frames may stand between this frame and its caller's. */
  isEntry(frame: number): boolean {
    return (this.#frames.frame(frame) & 1) === 1;
  }

  location(frame: number): MemrayLocation {
    const known = this.#locations[frame];
    if (known !== undefined) return known;
    const location = this.#resolve(this.#codes[this.#frames.parent(frame)], this.#frames.frame(frame) >> 1);
    this.#locations[frame] = location;
    return location;
  }

  #resolve(code: Code | undefined, offset: number): MemrayLocation {
    if (code === undefined) return UNKNOWN;
    const { functionName, file, firstLine, lineTable } = code;
    const line = lineTable ? lineAt(this.pythonVersion, lineTable, firstLine, offset) : firstLine;
    return { functionName, file, line, firstLine };
  }

  #index(id: number): number {
    const known = this.#indexes.get(id);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    if (index >= this.#limits.maxFrames) throw beyond('functions', this.#limits.maxFrames, 'maxFrames');
    this.#indexes.set(id, index);
    return index;
  }
}
