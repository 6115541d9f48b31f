const HOUR = 3_600_000;

/** Starts a timer for each client, and stops none; 32 KiB each. */
export function startHeartbeat(number) {
  const beats = new Array(4096).fill(number);
  setInterval(() => beats.push(number), HOUR).unref();
}
