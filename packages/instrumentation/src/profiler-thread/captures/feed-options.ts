import path from 'node:path';
import { residentBytes } from '../../protocol/memory-usage.js';
import type { ProfilerThreadOptions } from '../../protocol/messages.js';
import { steadyClock } from '../../protocol/steady-clock.js';
import { exactCommandLine, notedCommandLine, WHOLE_PROCESS } from './command-line.js';
import type { RecordFeedOptions } from './record-feed.js';

/** Maximum length of the recorded command line: a longer one would take too much of a small capture. */
const MAX_COMMAND_LINE = 8_192;

/**
 * Returns the options shared by captures and live streams of this process.
 *
 * @param samplingInterval smallest mean bytes between samples while they run
 */
export function feedOptions(options: ProfilerThreadOptions, samplingInterval: number): RecordFeedOptions {
  const { memrayFormat, pid, workingFolder } = options;
  return {
    format: memrayFormat,
    commandLine: commandLineOf(options, samplingInterval)(WHOLE_PROCESS),
    pid,
    nodeModules: [path.join(workingFolder, 'node_modules')],
    projectRoots: [workingFolder],
    residentBytes,
    now: steadyClock(),
  };
}

/** Returns a function that makes the command line of captures with a scope, see `scopeText`. */
export function commandLineOf(
  { commandLine, accurateStacks }: Pick<ProfilerThreadOptions, 'commandLine' | 'accurateStacks'>,
  samplingInterval: number,
): (scope: string) => string {
  const facts = { samplingInterval, mayHaveInlined: !accurateStacks };
  return (scope) => notedCommandLine(boundedCommandLine(commandLine), { ...facts, scope });
}

/** Returns the command line of exact captures of this process, by their scope and number of missed allocations. */
export function exactLineOf({
  commandLine,
}: Pick<ProfilerThreadOptions, 'commandLine'>): (scope: string, missed: number | undefined) => string {
  return (scope, missed) => exactCommandLine(boundedCommandLine(commandLine), scope, missed);
}

function boundedCommandLine(commandLine: string): string {
  return commandLine.slice(0, MAX_COMMAND_LINE);
}
