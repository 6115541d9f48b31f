export { CaptureError, type CaptureOperation } from './capture-error.js';
export { CaptureFile, type CaptureFileOptions } from './capture-file.js';
export type { CaptureFs } from './capture-fs.js';
export { CaptureCompression } from './compress-capture.js';
export type { KnownCapture } from './find-capture.js';
export { ReplacedCapture } from './replaced-capture.js';
