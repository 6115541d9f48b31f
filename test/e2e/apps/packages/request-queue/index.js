const unanswered = [];
/** Stays pending, because the first request is never answered; all others wait for it. */
let tail = new Promise((resolve) => unanswered.push(resolve));

/** Queues a request behind all others; 32 KiB each. */
export function enqueue(number) {
  const body = new Array(4096).fill(number);
  tail = tail.then(() => body.length);
}
