import fs from 'node:fs';
import { ObjectHasOwn, process, ReflectApply } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

const STDERR = 2;
const { writeSync } = fs;
/**
 * True if PM2's cluster mode runs this process. Then file descriptor 2 belongs to PM2's daemon, and the
 * process's log is what PM2 puts in place of `process.stderr.write`.
 */
const IS_PM2_WORKER = contain(
  () => process.env.pm2_env !== undefined || process.env.exec_mode === 'cluster_mode',
  () => {},
);

/**
 * Writes a line to standard error. Drops the line if its reader is gone or the disk is full.
 *
 * Bypasses `process.stderr`: a failed write would leave that stream in error, and the application's next
 * `console.error` would end the process.
 */
export function writeStderrLine(text: string): void {
  contain(
    () => {
      const line = `${text}\n`;
      if (!IS_PM2_WORKER || !writeToPm2(line)) writeSync(STDERR, line);
    },
    () => {},
  );
}

/** Writes through PM2's replacement; returns false while PM2 has not installed it yet. */
function writeToPm2(line: string): boolean {
  const { stderr } = process;
  if (!ObjectHasOwn(stderr, 'write')) return false;
  ReflectApply(stderr.write, stderr, [line]);
  return true;
}
