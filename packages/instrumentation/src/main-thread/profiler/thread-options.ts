import v8 from 'node:v8';
import { workingFolder } from '../../config/index.js';
import type { ProfilerThreadOptions } from '../../protocol/messages.js';
import { process } from '../../protocol/primordials.js';
import { exportEnvironment } from '../exports/own-resource.js';
import { hasExactStackFlags } from '../sampler/exact-stack-flags.js';
import { groupFolders } from '../start/group-folders.js';
import { nodeFlags } from '../start/node-flags.js';
import { isDenied } from '../start/permissions.js';
import { programEnvironment } from '../start/pm2.js';
import { leavesPortsToParent, PARENT_FIRST_MILLIS } from '../start/profiled-parent.js';
import type { TracedComponents } from './traced-components.js';

/** Options of the profiler thread, without the shared memory and port for messages. */
export type ThreadOptions = Omit<ProfilerThreadOptions, 'control' | 'port'>;

/** Options that change from one profiler thread of a process to the next. */
export type ThreadState = Pick<
  ThreadOptions,
  'samplingInterval' | 'exact' | 'mode' | 'samplerBinding' | 'isResumed' | 'endedThreads' | 'lastAnswers'
>;

/** Returns the options of a profiler thread of this process. */
export function threadOptions(
  components: TracedComponents,
  state: ThreadState,
): Omit<ThreadOptions, 'metricsAddress' | 'resource'> {
  const { options, sources } = components.config;
  const env = programEnvironment();
  return {
    ...options,
    ...state,
    accurateStacks: hasExactStackFlags(),
    isAdaptive: sources.samplingInterval === 'default',
    processCapture: components.ofProcess,
    traced: components.any,
    heapLimit: v8.getHeapStatistics().heap_size_limit,
    nodeFlags: nodeFlags(),
    mayListen: !isDenied('net'),
    debugServerDelayMillis:
      options.debugAddress?.port !== 0 && leavesPortsToParent(env) ? PARENT_FIRST_MILLIS : 0,
    groupFolders: groupFolders(env),
    exportEnvironment: exportEnvironment(env),
    commandLine: process.argv.join(' '),
    pid: process.pid,
    workingFolder: workingFolder(),
  };
}

/** True if a thread with these options begins an exact capture of the process by itself. */
export function beginsExactly({ processCapture, exact, endedThreads }: ThreadOptions): boolean {
  return processCapture !== undefined && exact !== undefined && endedThreads.length === 0;
}
