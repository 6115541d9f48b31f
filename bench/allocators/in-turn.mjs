// Calls functions in turn from one megamorphic place: the optimizer does not inline them there into their
// caller, which a sample would then name.

/** @param plan pairs of a function and how much it is to do; it gets the state and that */
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
