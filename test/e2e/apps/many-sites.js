// Runs five hundred functions in separate files, each of which keeps 64 KiB and makes garbage.
import vm from 'node:vm';

const SITES = 500;
const kept = [];

for (let i = 0; i < SITES; i++) {
  const code = `(function site${i}(keep) { keep(new Array(8192).fill(${i})); return new Array(1024).fill(${i}); })`;
  const site = vm.runInThisContext(code, { filename: `/generated/site-${i}.js` });
  for (let round = 0; round < 3; round++) site((array) => kept.push(array));
}
// With --expose-gc: uncollected garbage looks like a leak.
globalThis.gc?.();
console.log('made');
setInterval(() => {}, 60_000);
