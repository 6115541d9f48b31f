import { displayName } from './frame-kind.js';
import type { ProfileFrame } from './types.js';

/** Where a function starts: what tells functions of one name and file apart. From 1; 0 when unknown. */
export interface FunctionPlace {
  readonly line: number;
  readonly column: number;
}

/** Returns where the function of a frame starts. The column of a frame elsewhere in its function says nothing about that. */
export function functionPlace({ line, column, startLine = line }: ProfileFrame): FunctionPlace {
  return { line: startLine, column: startLine === line ? column : 0 };
}

/**
 * Returns a function's name; that of an anonymous one says where it starts, or where the frame is if that is all that
 * is known.
 */
export function functionName(frame: ProfileFrame, { line, column }: FunctionPlace): string {
  return displayName(line === 0 ? frame : { ...frame, line, column });
}
