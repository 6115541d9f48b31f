import { captureFileName, ProfileFiles } from '@heapray/exporter/sinks';
import type { NearLimit, ProfilerThreadOptions } from '../../protocol/messages.js';
import type { KernelMemory } from '../../protocol/metric-points.js';
import { byteText, durationText } from '../leaks/leak-message.js';
import { ownMemoryBytes } from '../own-figures.js';
import type { HeapPoller, HeapUsage } from '../polling/heap-poller.js';
import type { ProfileMakerDeps } from '../profile-maker.js';
import type { ProfilerStats } from '../stats/profiler-stats.js';
import { CgroupUse } from './cgroup-use.js';
import { type CaptureEvent, EventProfiles } from './event-profiles.js';
import { HeapUse } from './heap-use.js';
import { KeptProfileMaker } from './kept-profile.js';
import { LimitGuard } from './limit-guard.js';
import { oldSpaceLimit } from './old-space-limit.js';
import { residentAndSwapped } from './resident-bytes.js';

export interface ConnectLimitsDeps extends ProfileMakerDeps {
  readonly poller: Pick<HeapPoller, 'heapUsage'>;
  /** Returns the kernel's counters of the process; undefined where the system has none. */
  readonly kernel: () => KernelMemory | undefined;
  readonly pollNow: () => Promise<void>;
  readonly stats: ProfilerStats;
  /** Returns the present component of the process. */
  readonly component: () => string;
  readonly onNear: (near: NearLimit) => void;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

export interface ConnectedLimits {
  /** Undefined if no limit is watched. */
  readonly guard: LimitGuard | undefined;
  readonly events: EventProfiles;
}

/** Connects the watch of memory limits to the profiler, the system and the disk. */
export function connectLimits(options: ProfilerThreadOptions, deps: ConnectLimitsDeps): ConnectedLimits {
  const { home, maxCaptures, endedThreads, oomProfile, captureOn, pid } = options;
  const { stats, log } = deps;
  const maker = new KeptProfileMaker({
    profiles: async () => new (await import('../profile-maker.js')).ProfileMaker(deps),
    sources: deps.sources,
    resident: deps.resident,
  });
  const group = new CgroupUse();
  const heap = new HeapUse({
    limitBytes: oldSpaceLimit(options.heapLimit, options.nodeFlags, process.versions.node),
    residentBytes: residentAndSwapped,
    heapUsage: () => deps.poller.heapUsage(),
  });
  const filesFor = (what: 'oom' | CaptureEvent) =>
    new ProfileFiles({
      folder: home,
      component: captureFileName(deps.component()),
      what,
      keep: maxCaptures,
      endedThreads,
    });
  const describe = () => [
    `process ${pid} (${deps.component()}) on Node ${process.versions.node}, ` +
      `${new Date(deps.clock()).toISOString()}, running for ${durationText(process.uptime())}`,
    residentText(residentAndSwapped(), heap.last, deps.kernel()),
  ];
  const make = (heading: readonly string[]) => maker.make(heading);
  const events = new EventProfiles({ events: captureOn, make, describe, filesOf: filesFor, stats, log });
  const guard = new LimitGuard({
    heap,
    cgroup: () => group.read(),
    pollNow: deps.pollNow,
    stats,
    prepare: () => maker.prepare(),
    make,
    describe,
    files: oomProfile === 'on' ? lateFiles(() => filesFor('oom')) : undefined,
    onNear: (near) => {
      deps.onNear(near);
      void events.happened('limit', `memory limit near: ${near.message}`);
    },
    log,
  });
  const isWatched = oomProfile === 'on' || captureOn.includes('limit');
  return { guard: isWatched ? guard : undefined, events };
}

/** Makes the files with the first profile: only then the component has its final name. */
function lateFiles(make: () => ProfileFiles): Pick<ProfileFiles, 'replace' | 'prune'> {
  let files: ProfileFiles | undefined;
  const get = () => {
    files ??= make();
    return files;
  };
  return { replace: (contents) => get().replace(contents), prune: () => get().prune() };
}

/** Describes resident memory by what this thread can measure: the main thread may be in a loop. */
function residentText(
  resident: number,
  heap: HeapUsage | undefined,
  kernel: KernelMemory | undefined,
): string {
  const parts = [
    ["V8's heap", heap?.committedBytes],
    ['Buffers and ArrayBuffers', heap?.bufferBytes],
    ['mapped files', kernel?.file],
    ['shared memory', kernel?.shared],
    ['stacks', kernel?.stack],
    ['the profiler', ownMemoryBytes()],
  ] as const;
  const known = parts.flatMap(([name, bytes]) => (bytes === undefined ? [] : [{ name, bytes }]));
  const rest = resident - known.reduce((sum, { bytes }) => sum + bytes, 0);
  const all = [...known, { name: 'everything else', bytes: Math.max(0, rest) }];
  return `resident memory ${byteText(resident)}: ${all.map(({ name, bytes }) => `${name} ${byteText(bytes)}`).join(', ')}`;
}
