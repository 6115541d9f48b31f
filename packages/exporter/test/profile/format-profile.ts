import type { Profile } from '../../src/profile/model/profile.js';
import type { ProfileFrame } from '../../src/profile/model/types.js';

/**
 * Returns a text dump that is the same for equal profiles, in whatever order samples were added. Used for golden files
 * and for reading. Each sample has its values, its labels, then its frames, leaf first, as `name file:line:column`.
 * `starts:<line>` follows where the function starts on another line.
 */
export function formatProfile(profile: Profile): string {
  return `${[...header(profile), ...samples(profile)].join('\n')}\n`;
}

function header(profile: Profile): string[] {
  const { columns, defaultColumn, period } = profile;
  const names = columns.map(
    ({ type, unit }) => `${text(type)}/${text(unit)}${type === defaultColumn ? '*' : ''}`,
  );
  const lines = [`columns: ${names.join(' ')}`];
  if (period !== undefined) lines.push(`period: ${period.value} ${text(period.type)}/${text(period.unit)}`);
  lines.push(`time: ${profile.timeNanos} ns`, `duration: ${profile.durationNanos} ns`);
  for (const comment of profile.comments) lines.push(`comment: ${text(comment)}`);
  for (const [key, unit] of Object.entries(profile.labelUnits).sort()) {
    lines.push(`label unit: ${text(key)} ${text(unit)}`);
  }
  return lines;
}

function samples(profile: Profile): string[] {
  const blocks: { readonly key: string; readonly block: string }[] = [];
  // A profile has one object for each frame, and many stacks through it.
  const texts = new Map<ProfileFrame, string>();
  const textOf = (frame: ProfileFrame) => {
    const known = texts.get(frame) ?? formatFrame(frame);
    texts.set(frame, known);
    return known;
  };
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const values = profile.columns.map((_, column) => profile.value(sample, column)).join(' ');
    const labels = Object.entries(profile.labelsOf(sample)).map(
      ([key, value]) => `${text(key)}=${label(value)}`,
    );
    const suffix = labels.length === 0 ? '' : ` {${labels.join(' ')}}`;
    const frames = Array.from(profile.frames(profile.stackOf(sample)), textOf);
    // Sort by frames from the root, so that stacks of one branch are adjacent.
    const key = `${frames.toReversed().join('\n')}\n${suffix}`;
    blocks.push({
      key,
      block: [`  ${values}${suffix}`, ...frames.map((frame) => `    ${frame}`)].join('\n'),
    });
  }
  blocks.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return [`samples: ${blocks.length}`, ...blocks.map(({ block }) => block)];
}

function formatFrame({ functionName, file, line, column, startLine }: ProfileFrame): string {
  const start = startLine === undefined ? '' : ` starts:${startLine}`;
  return `${text(functionName)} ${text(file)}:${line}:${column}${start}`;
}

/** Returns a label value as text. Numbers are not quoted, so text that looks like a number is. */
function label(value: string | number): string {
  if (typeof value === 'number') return `${value}`;
  return /^[-+.\d]/.test(value) ? JSON.stringify(value) : text(value);
}

/** Returns the text, quoted when it is empty or would be ambiguous. */
function text(value: string): string {
  return /^[^\s"\\{}=\p{C}]+$/u.test(value) ? value : JSON.stringify(value);
}
