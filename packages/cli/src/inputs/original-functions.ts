import { filePath } from '@heapray/exporter/call-sites';
import { ANONYMOUS, FrameResolver } from '@heapray/instrumentation/source-maps';
import type { PlacedFunction } from '../text/place.js';

/**
 * Finds functions in their original sources, by source maps beside the files on this machine. Without a map, or on another
 * machine, functions stay as they are.
 */
export class OriginalFunctions {
  readonly #resolver = new FrameResolver();
  readonly #known = new Map<string, PlacedFunction>();

  /** Returns the original of a function; its name is empty if it has none. Never throws. */
  of(found: PlacedFunction): PlacedFunction {
    const { name, file, line, column } = found;
    if (line < 1 || file === '') return found;
    const key = `${name}\0${file}\0${line}:${column}`;
    let original = this.#known.get(key);
    if (original === undefined) {
      original = this.#find(found);
      this.#known.set(key, original);
    }
    return original;
  }

  #find(found: PlacedFunction): PlacedFunction {
    const { name, line, column } = found;
    const frame = { functionName: name || ANONYMOUS, file: filePath(found.file), line, column, scriptId: '' };
    const original = this.#resolver.of(frame);
    if (original === frame) return found;
    return {
      name: original.functionName === ANONYMOUS ? '' : original.functionName,
      file: original.file,
      line: original.line,
      column: original.column,
    };
  }
}
