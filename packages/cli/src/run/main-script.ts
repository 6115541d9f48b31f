import path from 'node:path';

/** Node options that take the next word as their value and often precede a script. */
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
 * Returns the script that a command line runs, as far as it is recognizable: the first word after `node` that is not an
 * option. For other programs it returns the program, because a component needs a name.
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
