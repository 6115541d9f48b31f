/** How the sampler was started, which determines the cost of a poll and the data available. */
export type SamplerMode = 'native-api' | 'binding' | 'inspector';

/**
 * Returns true if polls in this mode see short-lived objects, so that allocation by site can be estimated.
 */
export function seesShortLived(mode: SamplerMode): boolean {
  return mode !== 'inspector';
}

/** Maximum depth of a recorded stack; the inspector's own fixed depth. */
export const STACK_DEPTH = 128;
