import fs from 'node:fs';
import { contain } from './contain.js';

const STDERR = 2;
const { writeSync } = fs;

/**
 * Writes a line to standard error; when its reader is gone or its disk is full, the line is dropped.
 *
 * Goes past `process.stderr`: a write that fails would leave that stream in error, and the application's next
 * `console.error` would end the process.
 */
export function writeStderrLine(text: string): void {
  contain(
    () => writeSync(STDERR, `${text}\n`),
    () => {},
  );
}
