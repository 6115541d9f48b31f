/**
 * Handles are branded numbers: a frame cannot be passed as a stack, and no handle can be made by hand, so that a parent
 * always exists before its child. A handle belongs to the builder (or profile) that created it. The types do not
 * distinguish two builders. A handle that is out of range is rejected at run time; any other one of a different builder
 * would name the wrong entry.
 */
declare const brand: unique symbol;

/** A frame inside one {@link ProfileBuilder}. */
export type FrameHandle = number & { readonly [brand]: 'frame' };

/** A stack (parent stack plus one frame) inside one {@link ProfileBuilder}. */
export type StackHandle = number & { readonly [brand]: 'stack' };

/** A set of labels inside one {@link ProfileBuilder}. */
export type LabelsHandle = number & { readonly [brand]: 'labels' };

/** A stack inside one finished {@link Profile}: a whole number below its `stackCount`. */
export type StackRef = number & { readonly [brand]: 'stack-ref' };

/** A frame inside one finished {@link Profile}: a whole number below its `frameCount`. */
export type FrameRef = number & { readonly [brand]: 'frame-ref' };
