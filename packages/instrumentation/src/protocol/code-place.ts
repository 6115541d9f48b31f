/** A frame as V8 reports it. Lines and columns count from 0, -1 when unknown. */
export interface RawFrame {
  readonly functionName: string;
  readonly scriptId?: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Start of a wrapped function as V8 reports it: lines and columns count from 0. */
export interface FunctionLocation {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}
