export { FormatError } from '../wire/errors.js';
export { decodePprof, type PprofLimits } from './decode-pprof.js';
export { type EncodePprofOptions, encodePprof, encodePprofGzip } from './encode-pprof.js';
export { PprofDecoder } from './pprof-decoder.js';
