import type fs from 'node:fs';

/** The file system calls that a capture needs. `node:fs` has them all. */
export type CaptureFs = Pick<
  typeof fs,
  | 'closeSync'
  | 'fstatSync'
  | 'ftruncateSync'
  | 'linkSync'
  | 'lstatSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readdirSync'
  | 'readSync'
  | 'renameSync'
  | 'unlinkSync'
  | 'writeSync'
>;

/** File mode, private to the user: a capture shows paths, names and the size of what the program holds. */
export const CAPTURE_MODE = 0o600;
