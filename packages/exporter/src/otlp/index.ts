export { FormatError } from '../wire/errors.js';
export { decodeOtlpProfiles, type OtlpLimits } from './decode-otlp.js';
export { decodeExportResponse, type ExportResponse } from './decode-response.js';
export { type EncodeOtlpOptions, encodeOtlpProfiles, encodeOtlpProfilesJson } from './encode-otlp.js';
