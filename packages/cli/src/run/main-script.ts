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
  '--inspect-port',
  '--debug-port',
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

/** Returns the options of Node in the arguments after `node`, with their values: all words before the script. */
export function nodeOptionsOf(args: readonly string[]): readonly string[] {
  let at = 0;
  while (at < args.length && args[at]!.startsWith('-')) at += TAKES_VALUE.has(args[at]!) ? 2 : 1;
  return args.slice(0, at);
}
