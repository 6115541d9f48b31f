import path from 'node:path';
import { CaptureError } from './capture-error.js';

const COMPONENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;
const SUFFIX = '_memory';
const TEMPORARY = /\.bin\.(\d{1,10})-\d+\.tmp$/;

/**
 * Where a component's capture goes: `<folder>/<component>_memory.bin`.
 *
 * @throws CaptureError for a component that could name a file elsewhere or a hidden one
 */
export function capturePath(folder: string, component: string): string {
  if (COMPONENT.test(component)) return path.join(folder, `${component}${SUFFIX}.bin`);
  const reason = `component ${JSON.stringify(component)} may hold only A-Z a-z 0-9 _ . - and not start with a dot`;
  throw new CaptureError(folder, 'open', reason);
}

/** A capture that was moved out of the way: when (`20261123T055959Z`), and as which of that second, from 1. */
export interface RotatedCapture {
  readonly name: string;
  readonly stamp: string;
  readonly n: number;
}

/** The stamp of a moment given in milliseconds since the Unix epoch. */
export function stampOf(millis: number): string {
  return new Date(millis).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** `scheduler_memory.20261123T055959Z.bin`; the n-th of a second is `…Z-n.bin`. */
export function rotatedName(component: string, stamp: string, n: number): string {
  return `${component}${SUFFIX}.${stamp}${n === 1 ? '' : `-${n}`}.bin`;
}

/** The component whose running capture has this path. */
export function componentOf(capture: string): string {
  return path.basename(capture, `${SUFFIX}.bin`);
}

/** Those of `names` that are rotated captures of `component`, the oldest first. */
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

/** Where a new version of the capture at `capture` is written: `<name>.<process>-<n>.tmp`. */
export function temporaryName(capture: string, pid: number, n: number): string {
  return `${capture}.${pid}-${n}.tmp`;
}

export function isTemporaryOf(name: string, component: string): boolean {
  return name.startsWith(`${component}${SUFFIX}.bin.`) && TEMPORARY.test(name);
}

/** The number of the process that a temporary's name says. */
export function temporaryOwner(name: string): number {
  return Number(TEMPORARY.exec(name)?.[1]);
}
