import fs from 'node:fs';
import { contain } from './contain.js';
import { ObjectHasOwn, process, ReflectApply } from './primordials.js';

const STDERR = 2;
const { writeSync } = fs;
/**
 * Whether PM2's cluster mode runs this process: its log is not file descriptor 2, which is the daemon's, but what PM2 puts
 * in place of `process.stderr.write`.
 */
const IS_PM2_WORKER = contain(
  () => process.env.pm2_env !== undefined || process.env.exec_mode === 'cluster_mode',
  () => {},
);

/**
 * Writes a line to standard error; when its reader is gone or its disk is full, the line is dropped.
 *
 * Goes past `process.stderr`: a write that fails would leave that stream in error, and the application's next
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

/** Returns false while PM2 has not replaced the method yet. */
function writeToPm2(line: string): boolean {
  const { stderr } = process;
  if (!ObjectHasOwn(stderr, 'write')) return false;
  ReflectApply(stderr.write, stderr, [line]);
  return true;
}
