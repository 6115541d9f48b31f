export { CaptureError, type CaptureOperation, isTransient } from './capture-error.js';
export { CaptureFile, type CaptureFileOptions } from './capture-file.js';
export type { CaptureFs } from './capture-fs.js';
export { captureFileName } from './capture-names.js';
export { ownerNote } from './capture-owner.js';
export { CaptureCompression } from './compress-capture.js';
export type { KnownCapture } from './find-capture.js';
export { type ProfileContents, ProfileFiles, type ProfileFilesOptions } from './profile-files.js';
export { ReplacedCapture, type ReplacedCaptureOptions } from './replaced-capture.js';
