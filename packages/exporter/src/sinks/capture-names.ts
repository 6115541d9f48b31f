import { createHash } from 'node:crypto';
import path from 'node:path';
import { CaptureError } from './capture-error.js';

const COMPONENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;
const SUFFIX = '_memory';
const TEMPORARY = /\.bin\.(\d{1,10})-\d+\.tmp$/;
/** The end of a running capture's file name, after the component. */
const RUNNING = /_memory(?:\.\d{1,10}(?:-\d+)?)?\.bin$/;
/**
 * File systems allow 255 bytes: `_memory.`, a date or process ID, and the suffix of a temporary file need 60 of them.
 */
const MAX_COMPONENT_LENGTH = 180;
const HASH_LENGTH = 8;

/**
 * Returns a component's name as part of a file name. Characters other than A-Z a-z 0-9 _ . - become `_`. A name that is
 * too long for a file is cut and ends with a hash of the whole name.
 */
export function captureFileName(component: string): string {
  const name = component.replaceAll(/[^A-Za-z0-9_.-]/g, '_').replace(/^\.|^$/, '_');
  if (name.length <= MAX_COMPONENT_LENGTH) return name;
  const hash = createHash('sha256').update(component).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, MAX_COMPONENT_LENGTH - HASH_LENGTH - 1)}-${hash}`;
}

/**
 * Returns `<folder>/<component>_memory.bin`: the capture of a component. If several processes write the same component,
 * it is that of the first.
 *
 * @throws CaptureError for a component that could name a hidden file or one outside the folder
 */
export function capturePath(folder: string, component: string): string {
  if (COMPONENT.test(component)) return path.join(folder, `${component}${SUFFIX}.bin`);
  const reason = `component ${JSON.stringify(component)} may hold only A-Z a-z 0-9 _ . - and not start with a dot`;
  throw new CaptureError(folder, 'open', reason);
}

/**
 * Returns `<folder>/<component>_memory.<pid>.bin`: the capture of a process while another one uses the name without a
 * process ID. For n > 1 it is `…<pid>-n.bin`: processes of several containers may have the same ID.
 */
export function processCapturePath(folder: string, component: string, pid: number, n: number): string {
  return path.join(folder, `${component}${SUFFIX}.${pid}${n === 1 ? '' : `-${n}`}.bin`);
}

/** Returns the names in `names` that a running capture of `component` may have. Ended captures may still have them. */
export function runningCaptures(names: readonly string[], component: string): readonly string[] {
  const isName = (name: string) => name.startsWith(`${component}${SUFFIX}`) && RUNNING.test(name);
  return names.filter((name) => isName(name) && componentOf(name) === component);
}

/**
 * A capture of an ended run: the date in its name (`20261123T055959Z`), and its number among those of the same date,
 * from 1.
 */
export interface RotatedCapture {
  readonly name: string;
  readonly stamp: string;
  readonly n: number;
}

/** Returns the date for a file name, from ms since the Unix epoch. */
export function stampOf(millis: number): string {
  return new Date(millis).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** Returns a name such as `scheduler_memory.20261123T055959Z.bin`; for n > 1 within a second, `…Z-n.bin`. */
export function rotatedName(component: string, stamp: string, n: number): string {
  return `${component}${SUFFIX}.${stamp}${n === 1 ? '' : `-${n}`}.bin`;
}

/** Returns the component whose running capture has this path. */
export function componentOf(capture: string): string {
  return path.basename(capture).replace(RUNNING, '');
}

/** Returns the rotated captures of `component` in `names`, the oldest first. */
export function rotatedCaptures(names: readonly string[], component: string): readonly RotatedCapture[] {
  const escaped = component.replaceAll('.', '\\.');
  const pattern = new RegExp(`^${escaped}${SUFFIX}\\.(\\d{8}T\\d{6}Z)(?:-(\\d+))?\\.bin$`);
  return names
    .flatMap((name) => {
      const match = pattern.exec(name);
      return match ? [{ name, stamp: match[1]!, n: Number(match[2] ?? 1) }] : [];
    })
    .sort((a, b) => (a.stamp === b.stamp ? a.n - b.n : a.stamp < b.stamp ? -1 : 1));
}

/** Returns the path at which a new version of `capture` is written: `<name>.<pid>-<n>.tmp`. */
export function temporaryName(capture: string, pid: number, n: number): string {
  return `${capture}.${pid}-${n}.tmp`;
}

export function isTemporaryOf(name: string, component: string): boolean {
  const capture = name.replace(TEMPORARY, '.bin');
  return capture !== name && RUNNING.test(capture) && componentOf(capture) === component;
}

/** Returns the process ID in a temporary file's name. */
export function temporaryOwner(name: string): number {
  return Number(TEMPORARY.exec(name)?.[1]);
}
