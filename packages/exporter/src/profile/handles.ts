/**
 * Handles are numbers with a brand: a frame cannot be passed where a stack is
 * wanted, and none can be made by hand, so a parent always exists before its
 * child. A handle belongs to the builder (or profile) that gave it out. The
 * types cannot tell two builders apart; one that is out of range is refused at
 * run time, any other would name the wrong entry.
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
