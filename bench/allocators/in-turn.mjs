// Calls functions in turn from one megamorphic call site, so that the optimizer does not inline them into their caller.
// A sample would then name the caller.

/** @param plan pairs of a function and the amount that it is to do; the function gets the state and the amount */
export function inTurn(state, plan) {
  const all = [...plan, [idle, 0], [idleToo, 0], [idleThree, 0]];
  return () => {
    for (const [work, count] of all) work(state, count);
  };
}

function idle(state, count) {
  state.turns = (state.turns ?? 0) + count;
}

function idleToo(state, count) {
  state.turns = (state.turns ?? 0) - count;
}

function idleThree(state, count) {
  state.turns = (state.turns ?? 0) + 2 * count;
}
