const handlers = [];

/** Makes handlers that are all kept, with their closures; 32 KiB each. */
export function makeHandler(number) {
  const context = new Array(4096).fill(number);
  const handler = () => context.length;
  handlers.push(handler);
  return handler;
}
