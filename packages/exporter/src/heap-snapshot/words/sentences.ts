import type { HeldClass, Holder } from '../find-holders.js';
import { shortFile } from './sources.js';

/** Formats bytes with a unit, as the reader of the sentences expects it. */
export type FormatBytes = (bytes: number) => string;

/** Returns the sentence that names a holder of a class's objects. */
export function holderSentence(
  { name, explained, before }: HeldClass,
  holder: Holder | undefined,
  formatBytes: FormatBytes,
): string {
  const isNew = explained.isNew && before !== undefined && before.objects > 0 ? 'new ' : '';
  const objects = `${count(explained.objects)} ${isNew}\`${name}\` ${explained.objects === 1 ? 'object' : 'objects'}`;
  const what = `${formatBytes(Math.round(explained.bytes))} in ${objects}`;
  if (holder === undefined || holder.kind === 'root') return `${what} has no holder in common`;
  const part = `${share(holder.share)} of ${what}`;
  const reference = holder.reference === '' ? '' : `; ${holder.reference}`;
  if (holder.isOnly) return `${part} is reachable only through ${holder.text}${reference}`;
  return `${part} is reached first through ${holder.text}${reference}, and in other ways too`;
}

/** Returns the figures of a class in one line: objects, bytes, what they retain, and who made them if that is known. */
export function classFigures(
  { name, objects, bytes, retainedBytes, place, before, makers }: HeldClass,
  formatBytes: FormatBytes,
): string {
  const where = place === undefined ? '' : ` (${shortFile(place.file)}:${place.line})`;
  const grown =
    before === undefined
      ? ''
      : `, from ${count(before.objects)} objects and ${formatBytes(Math.round(before.bytes))}`;
  const made = makers.map(
    (maker) =>
      `${maker.name || 'a function'} (${shortFile(maker.file)}:${maker.line}) ${formatBytes(maker.bytes)}`,
  );
  return (
    `${name}${where}: ${count(objects)} ${objects === 1 ? 'object' : 'objects'} of ` +
    `${formatBytes(Math.round(bytes))}, retaining ${formatBytes(Math.round(retainedBytes))}${grown}` +
    (made.length === 0 ? '' : `; made by ${made.join(', ')}`)
  );
}

/** Formats a number of objects. */
function count(objects: number): string {
  return objects.toLocaleString('en-US');
}

/** Formats a share so that only all is 100 %. */
function share(part: number): string {
  const percent = part * 100;
  if (percent >= 99.95) return '100 %';
  return percent > 99 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}
