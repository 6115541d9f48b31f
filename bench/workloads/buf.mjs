// Works like a protocol server: makes, fills, cuts and joins buffers. Most of the bytes are outside the heap.
import { atDepth } from './depth.mjs';

const STEPS = 400;
const DEPTH = 12;
const TEXT = 'a line of text that is sent over the wire; '.repeat(12);

export function createWorkload() {
  let sent = 0;
  const step = () => {
    for (let i = 0; i < STEPS; i++) sent += sendFrame(i);
    return sent;
  };
  return () => atDepth(DEPTH, step);
}

function sendFrame(i) {
  const body = Buffer.from(TEXT);
  const header = Buffer.alloc(16);
  header.writeUInt32BE(body.length, 0);
  header.writeUInt32BE(i, 4);
  const padding = Buffer.allocUnsafe(64 + (i % 512)).fill(i & 0xff);
  const frame = Buffer.concat([header, body, padding]);
  return frame.subarray(16, 16 + body.length).toString('latin1').length;
}
