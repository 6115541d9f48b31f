import fs from 'node:fs';
import { process, ReflectGet } from '../../protocol/primordials.js';
import type { ProcessStart } from './launchers.js';

const PRELOAD = /(?:^|\s|")(?:--(?:import|require|loader|experimental-loader)|-r)(?:=|\s)/;
/** Matches how `heapray run` loads heapray; everything that the user's command starts is then profiled. */
const HEAPRAY_RUN = /[\\/]preload\.js(?:\?[^\s"]*)?(?:\s|"|$)/;

/** Returns how this process was started. Never throws. */
export function processStart(): ProcessStart {
  const { NODE_OPTIONS: options = '' } = process.env;
  const asked = process.execArgv.some((option) => option.includes('heapray'));
  return {
    mainScript: mainScript(),
    args: process.argv.slice(2),
    isInherited: PRELOAD.test(options) && !HEAPRAY_RUN.test(options) && !asked,
  };
}

/**
 * Returns the path of the main script, symbolic links resolved; undefined for code from the command line or
 * standard input.
 */
function mainScript(): string | undefined {
  const file = process.argv[1];
  // With `node --eval CODE WORD`, the word is in the script's place.
  const isEvaluated = ReflectGet(process, '_eval') !== undefined;
  if (file === undefined || file === '-' || isEvaluated) return undefined;
  try {
    return fs.realpathSync(file);
  } catch {
    return file;
  }
}
