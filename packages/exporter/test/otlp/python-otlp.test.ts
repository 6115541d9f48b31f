// Uses the Python package opentelemetry-proto as an oracle: it shares no code and no schema with heapray.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'vitest';
import { peerTest } from '../../../../test/support/peer-test.js';
import { openTelemetryPython } from '../../../../test/support/peers.js';
import { encodeOtlpProfiles, encodeOtlpProfilesJson } from '../../src/otlp/index.js';
import { displayName, type Profile } from '../../src/profile/index.js';
import { firstMinute, secondMinute } from '../pprof/sample-profiles.js';
import { oddNames } from './sample-profiles.js';

const SCRIPT = path.join(import.meta.dirname, 'decode_otlp.py');

peerTest('the Python package opentelemetry-proto decodes the same samples', 'opentelemetry-proto', () => {
  const profiles = [firstMinute(), secondMinute(), oddNames()];
  const expected = profiles.flatMap(linesOf);
  expect(decodedByPython('proto', encodeOtlpProfiles(profiles))).toEqual(expected);
  expect(decodedByPython('json', encodeOtlpProfilesJson(profiles))).toEqual(expected);
});

function decodedByPython(format: 'proto' | 'json', input: Uint8Array): unknown[] {
  const { stdout, stderr, status } = spawnSync(openTelemetryPython(), [SCRIPT, format], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

/** Returns what the script prints for a profile. */
function linesOf(profile: Profile): unknown[] {
  return profile.columns.flatMap(({ type, unit }, column) => {
    const rows = Array.from({ length: profile.sampleCount }, (_, row) => row);
    const samples = rows.flatMap((row) => {
      const value = profile.value(row, column);
      if (value === 0) return [];
      const frames = Array.from(profile.frames(profile.stackOf(row)), (frame) => {
        const { file, line, startLine = line } = frame;
        return [displayName(frame).toWellFormed(), file.toWellFormed(), line, frame.column, startLine];
      });
      return [[[type, unit], value, frames, attributesOf(profile, row)]];
    });
    const { timeNanos, durationNanos, period } = profile;
    const start = timeNanos > durationNanos ? timeNanos - durationNanos : 0n;
    return [...samples, [[type, unit], Number(start), Number(durationNanos), period?.value]];
  });
}

const ATTRIBUTES: Readonly<Record<string, string>> = { thread: 'thread.name', tid: 'thread.id' };

function attributesOf(profile: Profile, row: number): unknown[] {
  return Object.entries(profile.labelsOf(row)).map(([key, value]) => {
    const name = (ATTRIBUTES[key] ?? key).toWellFormed();
    return [name, typeof value === 'string' ? value.toWellFormed() : value, profile.labelUnits[key] ?? ''];
  });
}
