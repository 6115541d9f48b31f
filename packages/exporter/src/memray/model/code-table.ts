import { PairTable } from '../../tables/pair-table.js';
import { beyond, type MemrayLimits } from '../format/limits.js';
import { lineAt } from './line-table.js';
import { LineTables, type LineTablesState } from './line-tables.js';

/** A location in a program. An unknown function or file is empty, an unknown line 0. */
export interface MemrayLocation {
  readonly functionName: string;
  readonly file: string;
  /** The line that ran; in a capture of a Node program, the line where the function starts. */
  readonly line: number;
  /** The line where the function starts. Format 11 does not have it: it is `line` there. */
  readonly firstLine: number;
}

const UNKNOWN: MemrayLocation = { functionName: '', file: '', line: 0, firstLine: 0 };
/** Estimated size of an entry in addition to its text, in bytes. */
const ENTRY_BYTES = 64;
/** Maximum instruction offset: with the entry bit, it must fit into a small integer. */
const MAX_OFFSET = 2 ** 30 - 1;
const NO_LINE_OFFSET = -1;

/** The functions of a {@link CodeTable} by number, and their frames, for another thread. */
export interface CodeTableState {
  readonly functionNames: readonly string[];
  readonly files: readonly string[];
  readonly firstLines: readonly number[];
  readonly lineTables: LineTablesState;
  readonly frames: Int32Array<ArrayBuffer>;
  readonly pythonVersion: number;
}

/** The functions of a capture, and their frames: (function, instruction offset, entry). */
export class CodeTable {
  readonly #limits: MemrayLimits;
  /** Index of a function by its ID in the file, assigned at the first mention, in a declaration or a use. */
  readonly #indexes: Map<number, number> = new Map();
  /** Names of functions by index. Has a hole where a function was used but not declared. */
  #functionNames: string[] = [];
  #files: string[] = [];
  #firstLines: number[] = [];
  /** A frame of format 11 has no line table: its line is the first line. */
  #lineTables: LineTables = new LineTables();
  /** Shares one string between all functions of a file. */
  readonly #knownFiles: Map<string, string> = new Map();
  #frames: PairTable = new PairTable();
  readonly #locations: (MemrayLocation | undefined)[] = [];
  #textBytes = 0;
  pythonVersion = 0;

  constructor(limits: MemrayLimits) {
    this.#limits = limits;
  }

  /** Creates a table for look-ups. It accepts no more functions. */
  static of(limits: MemrayLimits, state: CodeTableState): CodeTable {
    const table = new CodeTable(limits);
    table.#functionNames = [...state.functionNames];
    table.#files = [...state.files];
    table.#firstLines = [...state.firstLines];
    table.#lineTables = LineTables.of(state.lineTables);
    table.#frames = PairTable.of(state.frames);
    table.pythonVersion = state.pythonVersion;
    return table;
  }

  /** Releases the look-up of functions by ID. No function may be declared or used afterwards. */
  seal(): void {
    this.#indexes.clear();
    this.#knownFiles.clear();
    this.#frames.seal();
  }

  /** Copy of the functions and frames. */
  get state(): CodeTableState {
    return {
      functionNames: [...this.#functionNames],
      files: [...this.#files],
      firstLines: [...this.#firstLines],
      lineTables: this.#lineTables.state,
      frames: this.#frames.state,
      pythonVersion: this.pythonVersion,
    };
  }

  /** Declares a function. If it is declared twice, the later declaration counts, also for frames used before. */
  declare(id: number, functionName: string, file: string, firstLine: number, lineTable?: Uint8Array): void {
    this.#textBytes += functionName.length + file.length + (lineTable?.length ?? 0) + ENTRY_BYTES;
    if (this.#textBytes > this.#limits.maxTextBytes) {
      throw beyond('bytes of names and line tables', this.#limits.maxTextBytes, 'maxTextBytes');
    }
    const index = this.#index(id);
    this.#functionNames[index] = functionName;
    this.#files[index] = this.#known(file);
    this.#firstLines[index] = firstLine;
    this.#lineTables.set(index, lineTable);
    this.#locations.length = 0;
  }

  /** Returns the number, from 1, of the frame at this offset in the function with this ID. */
  frame(id: number, offset: number, entry: boolean): number {
    const place = Math.abs(offset) <= MAX_OFFSET ? offset : NO_LINE_OFFSET;
    const frame = this.#frames.intern(this.#index(id), place * 2 + (entry ? 1 : 0));
    if (frame > this.#limits.maxFrames) throw beyond('frames', this.#limits.maxFrames, 'maxFrames');
    return frame;
  }

  /** Returns whether there may be native frames between this frame and its caller. */
  isEntry(frame: number): boolean {
    return (this.#frames.frame(frame) & 1) === 1;
  }

  location(frame: number): MemrayLocation {
    const known = this.#locations[frame];
    if (known !== undefined) return known;
    const location = this.#resolve(this.#frames.parent(frame), this.#frames.frame(frame) >> 1);
    this.#locations[frame] = location;
    return location;
  }

  #resolve(code: number, offset: number): MemrayLocation {
    const functionName = this.#functionNames[code];
    if (functionName === undefined) return UNKNOWN;
    const file = this.#files[code]!;
    const firstLine = this.#firstLines[code]!;
    const lineTable = this.#lineTables.get(code);
    const line = lineTable ? lineAt(this.pythonVersion, lineTable, firstLine, offset) : firstLine;
    return { functionName, file, line, firstLine };
  }

  #known(file: string): string {
    const known = this.#knownFiles.get(file);
    if (known !== undefined) return known;
    this.#knownFiles.set(file, file);
    return file;
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
