// How the rounds of three-sites.mjs are spread over time.
import { createRounds } from './three-sites.mjs';

const ROUNDS_PER_TURN = 4;

/** Does rounds for so many seconds, with the event loop in between; returns how many. */
export async function runRounds(seconds) {
  const round = createRounds();
  const end = performance.now() + seconds * 1000;
  let rounds = 0;
  while (performance.now() < end) {
    for (let i = 0; i < ROUNDS_PER_TURN; i++) round();
    rounds += ROUNDS_PER_TURN;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return rounds;
}
