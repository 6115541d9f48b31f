import type { FunctionLocation } from '../code-place.js';

/** Content of a capture of a wrapped function: what belongs to its component, or everything in the process. */
export type CaptureScope = 'component' | 'process';

/**
 * A function that was the outermost one of the application on the stack, e.g. called by a timer, or that is likely to be: it has
 * begun an asynchronous operation, which it may await.
 */
export interface ObservedFunction {
  readonly url: string;
  /** Where the function begins, with its keyword; both from 1. */
  readonly line: number;
  readonly column: number;
  /** Components whose functions have led to it, the outermost first; none if it belongs to no component. */
  readonly components: readonly string[];
  /** Number of asynchronous operations that the observation stands for. */
  readonly weight: number;
}

/** A callback of a timer, by its start. */
export interface ObservedCallback {
  readonly location: FunctionLocation;
  /** Components that have set the timer, the outermost first; none if it belongs to no component. */
  readonly components: readonly string[];
}

/** Observations of the functions that run for components. */
export interface Observations {
  readonly functions: readonly ObservedFunction[];
  readonly callbacks: readonly ObservedCallback[];
}
