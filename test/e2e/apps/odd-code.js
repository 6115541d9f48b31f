// Keeps memory in functions that are hard to name: one with a name of 10 kB, one below 300 calls of itself, one without a
// source file, one of a module that is a `data:` URL of 10 kB, one whose file was removed. Prints `made`.
import { rmSync, writeFileSync } from 'node:fs';

const KEPT = 64;
const LONG = 10_240;
const held = [];

const make = `for (let i = 0; i < ${KEPT}; i++) held.push(new Array(4096).fill(i));`;
const longName = 'n'.repeat(LONG);
writeFileSync('long-name.js', `export function ${longName}(held) { ${make} }`);
(await import(new URL('long-name.js', `file://${process.cwd()}/`)))[longName](held);

function descend(depth) {
  if (depth > 0) return descend(depth - 1) + 1;
  for (let i = 0; i < KEPT; i++) held.push(new Array(4096).fill(i));
  return 0;
}
descend(300);

new Function('held', `(function withoutFile() { ${make} })()`)(held);

const code = `export function inUrl(held) { ${make} } // ${'x'.repeat(LONG)}`;
(await import(`data:text/javascript,${encodeURIComponent(code)}`)).inUrl(held);

writeFileSync('short-lived.js', `export function fileGone(held) { ${make} }`);
const { fileGone } = await import(new URL('short-lived.js', `file://${process.cwd()}/`));
rmSync('short-lived.js');
fileGone(held);

setInterval(() => {}, 60_000);
console.log('made');
