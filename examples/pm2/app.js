// An application for PM2: it keeps a little of what it parses.
const text = JSON.stringify(Array.from({ length: 2_000 }, (_, id) => ({ id, name: `item ${id}` })));
const kept = [];

setInterval(parseItems, 50);

function parseItems() {
  kept.push(...JSON.parse(text).slice(0, 50));
}
