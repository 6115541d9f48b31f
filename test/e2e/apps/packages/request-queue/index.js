const unanswered = [];
/** The first request is never answered, and everything waits for it. */
let tail = new Promise((resolve) => unanswered.push(resolve));

/** Queues a request behind all others; 32 KiB each. */
export function enqueue(number) {
  const body = new Array(4096).fill(number);
  tail = tail.then(() => body.length);
}
