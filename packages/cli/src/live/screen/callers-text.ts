import { printable } from '../../text/printable.js';
import { formatBytes, formatShare } from '../../text/quantity.js';
import { pad, shorten, textWidth } from '../../text/width.js';
import type { CallerFrame, CallerStack } from '../model/callers.js';
import { type Line, line, styled } from './line.js';

const INDENT = '    ';
const MAX_NAME_SHARE = 0.45;

/** Returns the stacks that allocated what a row has in use, as lines. */
export function callersText(stacks: readonly CallerStack[], inUse: number, columns: number): readonly Line[] {
  if (stacks.length === 0) return [line('Nothing is in use here any more.')];
  const longest = stacks
    .flatMap(({ frames }) => frames)
    .reduce((most, { name }) => Math.max(most, textWidth(printable(name))), 1);
  const nameWidth = Math.min(longest, Math.floor((columns - INDENT.length) * MAX_NAME_SHARE));
  return stacks.flatMap((stack) => stackLines(stack, inUse, nameWidth, columns));
}

function stackLines(
  { inUse: bytes, frames, isCut }: CallerStack,
  inUse: number,
  nameWidth: number,
  columns: number,
) {
  const share = inUse > 0 ? `  ${formatShare(bytes / inUse)}` : '';
  return [
    line(styled(formatBytes(Math.round(bytes)), 'bold'), share),
    ...frames.map((frame) => frameLine(frame, nameWidth, columns)),
    ...(isCut ? [line(`${INDENT}... and more`)] : []),
    ...(frames.length === 0 ? [line(`${INDENT}allocated without a stack`)] : []),
  ];
}

function frameLine({ name, place }: CallerFrame, nameWidth: number, columns: number): Line {
  const shown = pad(shorten(printable(name), nameWidth), nameWidth, 'behind');
  const room = columns - INDENT.length - nameWidth - 2;
  return line(INDENT, shown, '  ', styled(shorten(printable(place), Math.max(1, room)), 'dim'));
}
