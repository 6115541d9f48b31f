import { ProfileBuilder } from '../build/profile-builder.js';
import { type Profile, tablesOf } from '../model/profile.js';
import type { Labels, ProfileFrame, ProfileOptions } from '../model/types.js';
import { copySamples } from './copy-samples.js';

/**
 * Returns the profile with U+FFFD in place of lone surrogates, which UTF-8 cannot represent. Frames and labels that become
 * equal are merged. Returns the profile itself if there are none.
 */
export function wellFormed(profile: Profile): Profile {
  if (isWellFormed(profile)) return profile;
  const builder = new ProfileBuilder(options(profile));
  copySamples(builder, profile, 1, repairedRecord, (frame) => builder.copyFrame(repairedFrame(frame)));
  return builder.build();
}

function isWellFormed(profile: Profile): boolean {
  const { frames, labelSets } = tablesOf(profile);
  const header = JSON.stringify([profile.columns, profile.defaultColumn, profile.period, profile.program]);
  // JSON escapes lone surrogates.
  if (header.includes('\\ud') || !profile.comments.every((text) => text.isWellFormed())) return false;
  for (const { functionName, file, native } of frames) {
    if (!functionName.isWellFormed() || !file.isWellFormed()) return false;
    if (native?.mapping !== undefined && !native.mapping.path.isWellFormed()) return false;
  }
  for (const labels of [...labelSets, profile.labelUnits]) {
    for (const [key, value] of Object.entries(labels)) {
      if (!key.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) return false;
    }
  }
  return true;
}

function options(profile: Profile): ProfileOptions {
  const { columns, defaultColumn, period, program, timeNanos, durationNanos } = profile;
  const repaired = <T extends { readonly type: string; readonly unit: string }>(pair: T): T => {
    return { ...pair, type: pair.type.toWellFormed(), unit: pair.unit.toWellFormed() };
  };
  return {
    columns: columns.map(repaired),
    defaultColumn: defaultColumn?.toWellFormed(),
    period: period && repaired(period),
    timeNanos,
    durationNanos,
    comments: profile.comments.map((text) => text.toWellFormed()),
    program: program?.toWellFormed(),
    labelUnits: repairedRecord(profile.labelUnits) as Record<string, string>,
  };
}

function repairedFrame(frame: ProfileFrame): ProfileFrame {
  const { functionName, file, native } = frame;
  const mapping = native?.mapping && { ...native.mapping, path: native.mapping.path.toWellFormed() };
  return {
    ...frame,
    functionName: functionName.toWellFormed(),
    file: file.toWellFormed(),
    ...(native && { native: { ...native, mapping } }),
  };
}

function repairedRecord(record: Labels): Labels {
  const entries = Object.entries(record).map(([key, value]): [string, string | number] => [
    key.toWellFormed(),
    typeof value === 'string' ? value.toWellFormed() : value,
  ]);
  return Object.fromEntries(entries);
}
