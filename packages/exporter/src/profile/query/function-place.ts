import { displayName } from '../model/frame-kind.js';
import type { ProfileFrame } from '../model/types.js';

/**
 * Position where a function starts, which distinguishes functions of the same name and file. From 1; 0 when unknown.
 */
export interface FunctionPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Returns where the function of a frame starts. The column is 0 if the frame is elsewhere in its function. For an
 * anonymous function with an unknown start, it is the position of the frame: nothing else distinguishes it from others.
 */
export function functionPlace(frame: ProfileFrame): FunctionPlace {
  const { functionName: name, line, column, startLine = line } = frame;
  if (startLine === line || (startLine === 0 && name === '')) return { line, column };
  return { line: startLine, column: 0 };
}

/** Returns the name of a function. For an anonymous function, it contains where it starts. */
export function functionName(frame: ProfileFrame, place: FunctionPlace): string {
  return displayName({ ...frame, ...place });
}
