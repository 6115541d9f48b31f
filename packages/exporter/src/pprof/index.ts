export { FormatError } from '../wire/errors.js';
export { decodePprof } from './decode-pprof.js';
export { type EncodePprofOptions, encodePprof, encodePprofGzip } from './encode-pprof.js';
export type { PprofLimits } from './limits.js';
export { PprofDecoder } from './pprof-decoder.js';
