// How the rounds of an allocator are spread over time.
import { ALLOCATORS } from '../allocators/index.mjs';

const ROUNDS_PER_TURN = 4;

/**
 * Does rounds of an allocator with the event loop in between; returns how many.
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
      // Awaiting nothing would allocate too.
      const pending = round();
      if (pending) await pending;
    }
    done += ROUNDS_PER_TURN;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLIS));
  }
  // What the rounds keep must be alive when it is measured.
  globalThis.round = round;
  return done;
}
