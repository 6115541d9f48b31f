import { displayName } from './frame-kind.js';
import type { ProfileFrame } from './types.js';

/** Where a function starts: what tells functions of one name and file apart. From 1; 0 when unknown. */
export interface FunctionPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Returns where the function of a frame starts. The column of a frame elsewhere in its function says nothing about
 * that. Of an anonymous function whose start nobody says it is where the frame is: nothing else tells it from others.
 */
export function functionPlace(frame: ProfileFrame): FunctionPlace {
  const { functionName: name, line, column, startLine = line } = frame;
  if (startLine === line || (startLine === 0 && name === '')) return { line, column };
  return { line: startLine, column: 0 };
}

/** Returns a function's name; that of an anonymous one says where it starts. */
export function functionName(frame: ProfileFrame, place: FunctionPlace): string {
  return displayName({ ...frame, ...place });
}
