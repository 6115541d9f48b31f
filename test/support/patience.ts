/**
 * Default time limit of waits, in ms. It only ends tests that hang, so it is many times what the slowest
 * machine needs, and no statement of a test about the product depends on it.
 */
export const PATIENCE_MILLIS = 300_000;
