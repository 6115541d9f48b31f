import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../text/quantity.js';
import type { CaptureFollower, CaptureState } from './capture-follower.js';
import type { Hint, WatchedCapture } from './watch-metrics.js';

/** An API server that works has many more within its first second. */
const FEW_ALLOCATIONS = 1000;
/** Without an allocation for so long, a server does not serve. */
const QUIET_MILLIS = 30_000;
const ENDED: ReadonlySet<CaptureState> = new Set(['finished', 'stopped', 'damaged']);
/** Set by heapray's own captures, which move older ones out of the way. */
const NODE_LIBDEST = 'node:internal';

/** What the operator should know about a capture; nothing of it is said by Airflow or memray. */
export async function hintsFor(
  watched: readonly WatchedCapture[],
  memray: MemrayRelease | undefined,
): Promise<readonly Hint[]> {
  const single = watched.flatMap((each) => [
    ...supervisorHint(each),
    ...oldCaptureHint(each),
    ...formatHint(each, memray),
  ]);
  return [...single, ...(await diskHints(watched))];
}

function supervisorHint({ component, follower }: WatchedCapture): Hint[] {
  const { run, state } = follower;
  if (component !== 'api' || run === undefined || !run.capture.knowsAllocated) return [];
  const idle = ENDED.has(state) || follower.quietMillis > QUIET_MILLIS;
  const { allocations } = run.series.view(run.capture).total;
  if (!idle || allocations >= FEW_ALLOCATIONS) return [];
  const text =
    `${follower.path}: only ${allocations} allocations: this is the supervisor of the API server, its workers are ` +
    'not traced; start it with one worker to trace the server itself';
  return [{ component, hint: 'api_supervisor', text }];
}

function oldCaptureHint({ component, follower }: WatchedCapture): Hint[] {
  const { header, state } = follower;
  if (header === undefined || header.libdest === NODE_LIBDEST || !ENDED.has(state)) return [];
  const text =
    `${follower.path}: this run is over; Airflow's ${component} does not start again with tracing on until the ` +
    'file is moved away';
  return [{ component, hint: 'old_capture', text }];
}

function formatHint({ component, follower }: WatchedCapture, memray: MemrayRelease | undefined): Hint[] {
  const { header } = follower;
  if (header === undefined || memray === undefined || header.format === memray.format) return [];
  const text =
    `${follower.path}: a capture of format ${header.format}; memray ${memray.version} on this host reads format ` +
    `${memray.format} only (heapray convert --memray-format ${memray.format} makes one)`;
  return [{ component, hint: 'memray_format', text }];
}

/** By folder, said of the largest capture in it. */
async function diskHints(watched: readonly WatchedCapture[]): Promise<Hint[]> {
  const folders = Map.groupBy(
    watched.filter(({ follower }) => follower.run !== undefined),
    ({ follower }) => path.dirname(follower.path),
  );
  const hints: Hint[] = [];
  for (const [folder, captures] of folders) {
    const needed = captures.reduce((sum, { follower }) => sum + follower.sizes.disk, 0);
    const free = await freeBytes(folder);
    if (free === undefined || free >= needed) continue;
    const { component } = captures.reduce((a, b) => (diskSize(b.follower) > diskSize(a.follower) ? b : a));
    const text = `${folder}: ${formatBytes(free)} left on the disk, less than the captures there take (${formatBytes(needed)})`;
    hints.push({ component, hint: 'disk_space', text });
  }
  return hints;
}

function diskSize(follower: CaptureFollower): number {
  return follower.sizes.disk;
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** A memray that is installed, and the one format it reads. */
export interface MemrayRelease {
  readonly version: string;
  readonly format: number;
}

const VERSION_TIMEOUT_MILLIS = 10_000;

/** The memray on the PATH; undefined without one, or with one that is not known. */
export function installedMemray(): Promise<MemrayRelease | undefined> {
  return new Promise((resolve) => {
    execFile('memray', ['--version'], { timeout: VERSION_TIMEOUT_MILLIS }, (error, stdout) => {
      resolve(error ? undefined : memrayRelease(stdout.trim()));
    });
  });
}

export function memrayRelease(version: string): MemrayRelease | undefined {
  const match = /^(?:memray,? (?:version )?)?(1)\.(\d+)(?:\.|$)/.exec(version);
  if (match === null) return undefined;
  const minor = Number(match[2]);
  const format = minor === 20 ? 13 : minor === 19 ? 12 : minor >= 11 && minor <= 18 ? 11 : undefined;
  return format === undefined ? undefined : { version, format };
}
