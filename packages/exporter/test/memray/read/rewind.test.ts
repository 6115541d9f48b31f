// A record that was refused, because it was read while it was being written, is read again from the same base.
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/memray/format/limits.js';
import { type MemrayFormat, MemrayWriter } from '../../../src/memray/index.js';
import { CaptureModel } from '../../../src/memray/model/capture-model.js';
import { RecordStream } from '../../../src/memray/read/record-stream.js';

/** 2^60 as a varint. */
const IMPOSSIBLE_SIZE = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
const ADDRESSES = [0x1000, 0x7f00_0000_2000, 0x7f00_0000_4000];

/** Returns the header, and the records of each step. */
function parts(format: MemrayFormat): Uint8Array[] {
  const writer = new MemrayWriter({ commandLine: 'x', pid: 1, startTimeMillis: 1_700_000_000_000, format });
  writer.allocation(1, ADDRESSES[0]!, 64, undefined);
  const first = writer.take();
  writer.allocation(1, ADDRESSES[1]!, 64, undefined);
  const second = writer.take();
  writer.allocation(1, ADDRESSES[2]!, 64, undefined);
  return [first, second, writer.take()];
}

function reading() {
  const addresses: number[] = [];
  const allocated = (_site: number, high: number, low: number) => void addresses.push(high * 2 ** 32 + low);
  const stream = new RecordStream(new CaptureModel(DEFAULT_LIMITS, [{ allocated }]));
  return { stream, addresses };
}

test.each([11, 12, 13] as const)('an allocation of an impossible size, in format %i', (format) => {
  const [first, second, third] = parts(format);
  const { stream, addresses } = reading();
  stream.push(first!);
  const at = second!.indexOf(64, 1);
  expect(at).toBe(second!.length - 1);
  stream.push(Buffer.from([...second!.subarray(0, at), ...IMPOSSIBLE_SIZE]));
  expect(stream.damage?.reason).toContain('an impossible size');
  stream.rewind();
  stream.push(second!);
  stream.push(third!);
  expect(stream.damage).toBeUndefined();
  expect(addresses).toEqual(ADDRESSES);
});

test('an allocation of a usual size before any context switch', () => {
  const [first, second] = parts(13);
  const { stream, addresses } = reading();
  const whole = Buffer.from(first!);
  const at = whole.lastIndexOf(Buffer.from('0c0100000000000000', 'hex'));
  expect(at).toBeGreaterThan(0);
  const record = whole.subarray(at + 9);
  stream.push(whole.subarray(0, at));
  stream.push(record);
  expect(stream.damage?.reason).toContain('before any context switch');
  stream.rewind();
  stream.push(whole.subarray(at));
  stream.push(second!);
  expect(addresses).toEqual(ADDRESSES.slice(0, 2));
});
