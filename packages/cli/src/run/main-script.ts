import path from 'node:path';

/** Options of node that take the next word as their value, and are common in front of a script. */
const TAKES_VALUE = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
]);

/**
 * The script that a command line runs, as far as it shows: the first word after `node` that is no option. For
 * other programs it is the program, since a component must be called something.
 */
export function mainScriptOf(command: string, args: readonly string[]): string {
  if (path.basename(command).replace(/\.exe$/i, '') !== 'node') return command;
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (TAKES_VALUE.has(word)) at++;
    else if (!word.startsWith('-')) return word;
  }
  return command;
}
