// Spreads the rounds of an allocator over time.
import { ALLOCATORS } from '../allocators/index.mjs';

const ROUNDS_PER_TURN = 4;

/**
 * Runs rounds of an allocator with turns of the event loop in between; returns their number.
 *
 * @param until `{ seconds }` or `{ rounds }`
 */
export async function runRounds(
  name,
  { seconds = Number.POSITIVE_INFINITY, rounds = Number.POSITIVE_INFINITY },
) {
  const { createRounds, PAUSE_MILLIS = 1 } = ALLOCATORS[name];
  const round = await createRounds();
  const end = performance.now() + seconds * 1000;
  let done = 0;
  while (performance.now() < end && done < rounds) {
    for (let i = 0; i < ROUNDS_PER_TURN; i++) {
      // Await only promises: awaiting anything else would allocate too.
      const pending = round();
      if (pending) await pending;
    }
    done += ROUNDS_PER_TURN;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
  // Keep what the rounds keep alive until it is measured.
  globalThis.round = round;
  return done;
}
