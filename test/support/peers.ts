// The programs that our output is compared with, brought by the bootstrap.
import path from 'node:path';
import { placeOf } from './manifest.js';
import { type CommandOptions, type CommandResult, runCommand } from './run-command.js';
import { tempFolder } from './temp-folder.js';

export type MemrayVersion = '1.20.0' | '1.19.3' | '1.18.0';
export type NodeLine = '22.15' | '22' | '24' | '26';

export const MEMRAY_VERSIONS: readonly MemrayVersion[] = ['1.20.0', '1.19.3', '1.18.0'];
export const NODE_VERSIONS: readonly NodeLine[] = ['22.15', '22', '24', '26'];

/** Returns the memray program of a version. */
export function memray(version: MemrayVersion): string {
  return placeOf(`memray-${version}`);
}

export function prometheus(): string {
  return placeOf('prometheus');
}

export function promtool(): string {
  return placeOf('promtool');
}

/** Returns the OpenTelemetry Collector, see test/peers/collector. */
export function collector(): string {
  return placeOf('collector');
}

/** Returns a Python that has the package opentelemetry-proto. */
export function openTelemetryPython(): string {
  return placeOf('opentelemetry-proto');
}

/** Returns the Chromium browser. */
export function chromium(): string {
  return placeOf('chromium');
}

/** Returns the command that compresses and decompresses LZ4 frames. */
export function lz4(): string {
  return placeOf('lz4');
}

/** Returns a tool of GNU binutils: `addr2line`, `as`, `ld`, `nm` or `objdump`. */
export function binutils(tool: string): string {
  return path.join(placeOf('binutils'), tool);
}

/** Returns the path of jemalloc's library. */
export function jemalloc(): string {
  return placeOf('jemalloc');
}

/** Returns the C++ compiler. */
export function compiler(): string {
  return placeOf('g++');
}

/**
 * Runs github.com/google/pprof in a folder. It takes the names of machine code from binutils, which must be present
 * too.
 */
export async function googlePprof(args: readonly string[], cwd: string): Promise<CommandResult> {
  const env = { PPROF_TMPDIR: tempFolder(), PPROF_TOOLS: placeOf('binutils'), TZ: 'UTC' };
  return runCommand(placeOf('google-pprof'), args, { cwd, env });
}

/** Runs `go tool pprof`. Fetched profiles go to a folder of the test instead of the user's home; times are UTC. */
export async function goPprof(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const env = { PPROF_TMPDIR: tempFolder(), TZ: 'UTC', ...options.env };
  return runCommand(placeOf('go-pprof'), ['tool', 'pprof', ...args], { ...options, env });
}

/** Returns the Node binary of a line; '22.15' is the oldest supported version, the others are the newest of their line. */
export function nodeBinary(line: NodeLine): string {
  return placeOf(`node-${line}`);
}
