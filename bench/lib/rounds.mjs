// The order in which arms of a comparison take turns.

/**
 * Yields all arms, round after round, in an order that is reversed and rotated: A B, B A, ... so that a machine
 * that becomes slower or faster favours no arm.
 */
export function* rounds(arms, count) {
  for (let round = 0; round < count; round++) {
    const shift = (round >> 1) % arms.length;
    const order = [...arms.slice(shift), ...arms.slice(0, shift)];
    yield round % 2 === 0 ? order : order.reverse();
  }
}
