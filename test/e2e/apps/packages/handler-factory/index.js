const handlers = [];

/** Makes handlers that are all remembered, with what they close over; 32 KiB each. */
export function makeHandler(number) {
  const context = new Array(4096).fill(number);
  const handler = () => context.length;
  handlers.push(handler);
  return handler;
}
