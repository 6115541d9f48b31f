import { cleanLine } from '../format/clean-number.js';
import { cleanName } from '../format/clean-text.js';
import { MAX_RECORD_BYTES, type RecordEncoder } from './write-records.js';

/** Interns frames, both raw and cleaned, and declares each once. */
export class FrameTable {
  readonly #ids: Map<string, number> = new Map();
  readonly #functions: string[] = [];
  readonly #files: string[] = [];
  readonly #lines: number[] = [];
  readonly #declared: boolean[] = [];
  declared = 0;

  intern(functionName: string, file: string, line: number): number {
    const raw = frameKey(functionName, file, line);
    const known = this.#ids.get(raw);
    if (known !== undefined) return known;
    const id = this.#internClean(cleanName(functionName), cleanName(file), cleanLine(line));
    this.#ids.set(raw, id);
    return id;
  }

  declare(id: number, encoder: RecordEncoder): void {
    if (this.#declared[id] === true || id >= this.#functions.length) return;
    this.#declared[id] = true;
    this.declared += 1;
    encoder.frame(id, this.#functions[id]!, this.#files[id]!, this.#lines[id]!);
  }

  /** Returns the maximum number of bytes that {@link declare} writes; 0 for a frame already declared. */
  maxDeclarationBytes(id: number): number {
    if (this.#declared[id] === true || id >= this.#functions.length) return 0;
    return (
      Buffer.byteLength(this.#functions[id]!) + Buffer.byteLength(this.#files[id]!) + 2 * MAX_RECORD_BYTES
    );
  }

  #internClean(functionName: string, file: string, line: number): number {
    const key = frameKey(functionName, file, line);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#functions.length;
    this.#ids.set(key, id);
    this.#functions.push(functionName);
    this.#files.push(file);
    this.#lines.push(line);
    this.#declared.push(false);
    return id;
  }
}

/** Returns a unique key: the length separates `a` + `bc` from `ab` + `c`. */
function frameKey(functionName: string, file: string, line: number): string {
  return `${line},${functionName.length},${functionName}${file}`;
}
