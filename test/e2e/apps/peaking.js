// Holds much for a moment and then little: prints `high`, and after SIGUSR2 and a collection `low`.
let held = [];

function loadAll() {
  for (let i = 0; i < 256; i++) held.push(new Array(8192).fill(i));
}

loadAll();
process.once('SIGUSR2', () => {
  held = [];
  globalThis.gc();
  console.log('low');
});
setInterval(() => {}, 60_000);
console.log('high');
