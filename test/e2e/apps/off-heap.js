// Holds Buffers of two functions, a file read in three ways, and what a socket has received. Prints `kept`, with the bytes of
// all array buffers, and is then idle.
import { readFile, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile as readFilePromise } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';

const MIB = 2 ** 20;
/** Size at which nearly every Buffer is sampled, so that the sampling error is small. All are filled, so that they are resident. */
const SIZE = 2 * MIB;
const FILE = 'zeros.bin';
const FILE_BYTES = 24 * MIB;
const RECEIVED_BYTES = 32 * MIB;

const kept = [];

function keepImages() {
  for (let i = 0; i < 100; i++) kept.push(Buffer.alloc(SIZE, 1));
}

function keepTexts() {
  for (let i = 0; i < 100; i++) kept.push(Buffer.allocUnsafe(SIZE).fill(1));
}

function readAtOnce() {
  kept.push(readFileSync(FILE));
}

function receive() {
  const { promise, resolve } = Promise.withResolvers();
  const server = createServer((socket) => {
    let bytes = 0;
    socket.on('data', (chunk) => {
      kept.push(chunk);
      bytes += chunk.length;
      if (bytes === RECEIVED_BYTES) server.close(resolve);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const client = connect(server.address().port, '127.0.0.1');
    const part = Buffer.alloc(MIB);
    for (let i = 0; i < RECEIVED_BYTES / MIB; i++) client.write(part);
    client.end();
  });
  return promise;
}

writeFileSync(FILE, '');
truncateSync(FILE, FILE_BYTES);
keepImages();
keepTexts();
readAtOnce();
kept.push(await promisify(readFile)(FILE), await readFilePromise(FILE));
await receive();
setInterval(() => {}, 60_000);
console.log(`kept ${kept.length}`);
