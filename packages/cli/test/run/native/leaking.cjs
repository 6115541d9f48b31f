// Leaks native memory with each SIGUSR2, in another way each time, and prints by how much the resident memory grew.
'use strict';
const { execFileSync, fork } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createDeflate } = require('node:zlib');

const BYTES = 200e6;
const kept = [];
const ways = [
  // Streams that are never closed.
  async function zlib() {
    const input = randomBytes(300_000);
    for (let done = 0; done < BYTES; done += 350_000) {
      const stream = createDeflate({ level: 9, chunkSize: 4096 }).resume();
      await new Promise((resolve) => stream.write(input, resolve));
      kept.push(stream);
    }
  },
  function addon() {
    require(process.env.LEAKING_ADDON).leak(BYTES);
  },
  function random() {
    for (let done = 0; done < BYTES; done += 98_304) kept.push(randomBytes(98_304));
  },
];

if (process.send) {
  console.log(`child: jemalloc ${readFileSync('/proc/self/maps', 'latin1').includes('libjemalloc')}`);
  process.exit(0);
}
process.on('SIGUSR2', async () => {
  const way = ways.shift();
  global.gc();
  const before = process.memoryUsage.rss();
  await way();
  global.gc();
  console.log(`${way.name} ${process.memoryUsage.rss() - before}`);
});
// Keeps the process running.
setInterval(() => {}, 60_000);
const shell = execFileSync('/bin/sh', ['-c', 'echo "$LD_PRELOAD$MALLOC_CONF"'], { encoding: 'utf8' }).trim();
const child = fork(__filename, { execArgv: [] });
child.on('exit', () => console.log(`ready, shell [${shell}]`));
