// Formats are detected by content, never by name.
import { gzipSync } from 'node:zlib';
import { encodePprof } from '@heapray/exporter/pprof';
import { expect, test } from 'vitest';
import { detectFormat, HEAD_BYTES } from '../../src/inputs/detect.js';
import { shopProfile } from '../support/sample-files.js';

const pprof = encodePprof(shopProfile());

test.each<[string, string | Uint8Array, ReturnType<typeof detectFormat>]>([
  ['memray', 'memray\0\x0d\0\0\0', 'memray'],
  ['memray in LZ4', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x40), 'memray'],
  ['the magic word without its NUL', 'memray capture', undefined],
  ['pprof', pprof, 'pprof'],
  ['gzipped data before it is inflated', gzipSync(pprof), undefined],
  ['JSON', '{"head":{}}', 'heapprofile'],
  ['JSON after white space', '\r\n \t{', 'heapprofile'],
  ['JSON after a byte order mark', '\ufeff{', 'heapprofile'],
  ['a list', '[]', undefined],
  ['text', 'hello', undefined],
  ['nothing', '', undefined],
  ['zeros', new Uint8Array(HEAD_BYTES), undefined],
])('%s', (_, content, format) => {
  expect(detectFormat(Buffer.from(content).subarray(0, HEAD_BYTES))).toBe(format);
});
