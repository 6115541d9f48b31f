/**
 * How long anything is waited for by default, ms. It only ends what hangs, so it is many times what the slowest
 * machine needs, and nothing that a test says of the product depends on it.
 */
export const PATIENCE_MILLIS = 300_000;
