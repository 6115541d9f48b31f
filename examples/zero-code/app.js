// A program without any code for heapray: it parses the same text again and again and keeps a little of it.
const text = JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: `item ${id}` })));
const kept = [];

setInterval(keepOne, 20);

function keepOne() {
  const items = JSON.parse(text);
  kept.push(items[kept.length % items.length]);
}
