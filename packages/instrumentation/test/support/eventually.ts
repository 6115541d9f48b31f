import { vi } from 'vitest';
import { PATIENCE_MILLIS } from '../../../../test/support/patience.js';

/**
 * Repeats a check until it does not throw. Waits longer than `vi.waitFor` does by default. With fake timers, each repetition
 * lets 50 ms pass.
 */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MILLIS });
}
