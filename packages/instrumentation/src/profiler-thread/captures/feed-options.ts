import path from 'node:path';
import { residentBytes } from '../../protocol/memory-usage.js';
import type { ProfilerThreadOptions } from '../../protocol/messages.js';
import { steadyClock } from '../../protocol/steady-clock.js';
import { notedCommandLine } from './command-line.js';
import type { RecordFeedOptions } from './record-feed.js';

/** Maximum length of the recorded command line: a longer one would take too much of a small capture. */
const MAX_COMMAND_LINE = 8_192;

/**
 * Returns the options shared by captures and live streams of this process.
 *
 * @param samplingInterval smallest mean bytes between samples while they run
 */
export function feedOptions(options: ProfilerThreadOptions, samplingInterval: number): RecordFeedOptions {
  const { memrayFormat, commandLine, pid, workingFolder } = options;
  return {
    format: memrayFormat,
    commandLine: notedCommandLine(commandLine.slice(0, MAX_COMMAND_LINE), samplingInterval),
    pid,
    nodeModules: [path.join(workingFolder, 'node_modules')],
    projectRoots: [workingFolder],
    residentBytes,
    now: steadyClock(),
  };
}
