// The order in which arms of a comparison take turns.

/**
 * Round after round all arms, in an order that is turned back and rotated: A B, B A, ... so that a machine
 * that grows slower or faster favours no arm.
 */
export function* rounds(arms, count) {
  for (let round = 0; round < count; round++) {
    const shift = (round >> 1) % arms.length;
    const order = [...arms.slice(shift), ...arms.slice(0, shift)];
    yield round % 2 === 0 ? order : order.reverse();
  }
}
