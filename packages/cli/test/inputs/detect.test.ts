// Formats are detected by content, never by name.
import { gzipSync } from 'node:zlib';
import { encodeOtlpProfiles, encodeOtlpProfilesJson } from '@heapray/exporter/otlp';
import { encodePprof } from '@heapray/exporter/pprof';
import { expect, test } from 'vitest';
import { detectFormat, HEAD_BYTES } from '../../src/inputs/detect.js';
import { shopProfile } from '../support/sample-files.js';

const pprof = encodePprof(shopProfile());
/** The same message with its two fields in the other order. */
const dictionaryFirst = (request: Uint8Array): Uint8Array => {
  const start = request.indexOf(DICTIONARY_TAG, 1);
  return Buffer.concat([request.subarray(start), request.subarray(0, start)]);
};
const DICTIONARY_TAG = 0x12;
const noProfiles = encodeOtlpProfiles([]);

test.each<[string, string | Uint8Array, ReturnType<typeof detectFormat>]>([
  ['memray', 'memray\0\x0d\0\0\0', 'memray'],
  ['memray in LZ4', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x40), 'memray'],
  ['the magic word without its NUL', 'memray capture', undefined],
  ['pprof', pprof, 'pprof'],
  ['gzipped data before it is inflated', gzipSync(pprof), undefined],
  ['OTLP', encodeOtlpProfiles([shopProfile()]), 'otlp'],
  ['OTLP without resource attributes', noProfiles, 'otlp'],
  ['OTLP with its dictionary first', dictionaryFirst(noProfiles), 'otlp'],
  ['OTLP in JSON', encodeOtlpProfilesJson([shopProfile()]), 'otlp'],
  ['OTLP in JSON, formatted', '{\n  "dictionary": {}\n}', 'otlp'],
  ['a pprof that starts with a sample', Uint8Array.of(0x12, 0x04, 0x0a, 0x01, 0x01, 0x12), 'pprof'],
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
