import { expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../src/profiler-thread/group/frames.js';

const MAX_BODY = 1000;

test('reads messages that arrive in pieces of any size', () => {
  const bytes = Buffer.concat([
    encodeFrame({ type: 'one', text: 'ä' }, Buffer.from('body')),
    encodeFrame({ type: 'two' }),
  ]);
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader(MAX_BODY);
    const frames = [];
    for (let at = 0; at < bytes.length; at += size)
      frames.push(...reader.push(bytes.subarray(at, at + size)));
    expect(frames.map(({ header, body }) => [header, body.toString()])).toEqual([
      [{ type: 'one', text: 'ä' }, 'body'],
      [{ type: 'two' }, ''],
    ]);
  }
});

test('refuses a message that says it is too long, before it arrives', () => {
  const prefix = (header: number, body: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(header, 0);
    bytes.writeUInt32BE(body, 4);
    return bytes;
  };
  expect(() => new FrameReader(MAX_BODY).push(prefix(2, 100 * 2 ** 20))).toThrow(/too long/);
  expect(() => new FrameReader(MAX_BODY).push(prefix(2 ** 31, 0))).toThrow(/too long/);
  expect(new FrameReader(MAX_BODY).push(prefix(2, MAX_BODY))).toEqual([]);
});

test('refuses a header that is not JSON', () => {
  const bytes = Buffer.from('\0\0\0\x04\0\0\0\0GET ', 'latin1');
  expect(() => new FrameReader(MAX_BODY).push(bytes)).toThrow(SyntaxError);
});
