import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { isNodeCapture } from '@heapray/exporter/memray';
import { formatBytes } from '../text/quantity.js';
import type { CaptureFollower } from './follow/capture-follower.js';
import { EARLY_MILLIS } from './follow/capture-run.js';
import { ENDED_STATES } from './follow/capture-state.js';
import type { Hint, WatchedCapture } from './follow/watched-capture.js';

/**
 * Fewer early allocations than a server makes within its first second. The supervisor of Airflow 3.3 makes some 17
 * allocations a second, for two workers and without end: 1,221 in its first minute.
 */
const FEW_EARLY_ALLOCATIONS = 10_000;
/** Less memory than a server, which takes more than 100 MB. */
const SMALL_PEAK_BYTES = 64 * 2 ** 20;
/** Components that Airflow traces, by the name of their capture. */
const AIRFLOW_CAPTURE = /^(scheduler|dag_processor|api|triggerer)_memory\.bin$/;

/** Returns what an operator should know about the captures, and neither Airflow nor memray reports. */
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
  if (airflowComponent(follower) !== 'api' || run === undefined || !run.capture.knowsAllocated) return [];
  const { capture } = run;
  const early = capture.early ?? (ENDED_STATES.has(state) ? capture.totalAllocated : undefined);
  if (early === undefined || early.count >= FEW_EARLY_ALLOCATIONS) return [];
  if (capture.peakBytes >= SMALL_PEAK_BYTES) return [];
  const text =
    `${follower.path}: only ${early.count} allocations: this is the supervisor of the API server, by the first ` +
    `${EARLY_MILLIS / 1000} s of the run; its workers are not traced; start it with one worker to trace the server itself`;
  return [{ component, hint: 'api_supervisor', text }];
}

function oldCaptureHint({ component, follower }: WatchedCapture): Hint[] {
  const { state, inPlace, isNoCapture, isWritten } = follower;
  const airflows = airflowComponent(follower);
  const isOver = ENDED_STATES.has(state) && !isWritten;
  if (airflows === undefined || !inPlace || !(isOver || isNoCapture)) return [];
  const what = isNoCapture ? `no run in it (${follower.reason})` : 'this run is over';
  const text = `${follower.path}: ${what}; Airflow's ${airflows} refuses to start with tracing on until the file is moved away`;
  return [{ component, hint: 'old_capture', text }];
}

/**
 * Returns the name of the component whose capture Airflow writes at the path. Undefined for a capture of a Node
 * program, because heapray moves older ones away itself.
 */
function airflowComponent({ path: file, header }: CaptureFollower): string | undefined {
  const isNode = header !== undefined && isNodeCapture(header);
  return isNode ? undefined : AIRFLOW_CAPTURE.exec(path.basename(file))?.[1];
}

function formatHint(
  { component, process, follower }: WatchedCapture,
  memray: MemrayRelease | undefined,
): Hint[] {
  const { header } = follower;
  // Reported for the capture of the parent process.
  if (process !== undefined) return [];
  if (header === undefined || memray === undefined || header.format === memray.format) return [];
  const text =
    `${follower.path}: a capture of format ${header.format}; memray ${memray.version} on this host reads format ` +
    `${memray.format} only (heapray convert --memray-format ${memray.format} makes one)`;
  return [{ component, hint: 'memray_format', text }];
}

/** Returns one hint per folder, attached to its largest capture. */
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

/** An installed memray, and the one format it reads. */
export interface MemrayRelease {
  readonly version: string;
  readonly format: number;
}

const VERSION_TIMEOUT_MILLIS = 10_000;

/**
 * Returns the memray on the PATH. Undefined if there is none, its version is unknown, or the call was aborted or
 * forbidden.
 */
export function installedMemray(signal?: AbortSignal): Promise<MemrayRelease | undefined> {
  return new Promise((resolve) => {
    try {
      execFile('memray', ['--version'], { timeout: VERSION_TIMEOUT_MILLIS, signal }, (error, stdout) => {
        resolve(error ? undefined : memrayRelease(stdout.trim()));
      });
    } catch {
      // Node's permissions may forbid it.
      resolve(undefined);
    }
  });
}

function memrayRelease(version: string): MemrayRelease | undefined {
  const match = /^(?:memray,? (?:version )?)?(1)\.(\d+)(?:\.|$)/.exec(version);
  if (match === null) return undefined;
  const minor = Number(match[2]);
  const format = minor === 20 ? 13 : minor === 19 ? 12 : minor >= 11 && minor <= 18 ? 11 : undefined;
  return format === undefined ? undefined : { version, format };
}
