import {
  classFigures,
  type HeldClass,
  type HolderReport,
  holderSentence,
} from '@heapray/exporter/heap-snapshot';
import { formatTable, wrapLine } from '../outputs/table.js';
import { printable } from '../text/printable.js';
import { formatBytes } from '../text/quantity.js';

/** Returns the npm package of a file, or undefined. */
export type PackageOf = (file: string) => string | undefined;

/** Returns a report as text: a sentence for each class, and for two snapshots a table of what grew. */
export function* holdersText({ classes, omitted }: HolderReport): Generator<string> {
  for (const each of classes) {
    const [first, ...others] = each.holders;
    yield `${line(holderSentence(each, first, formatBytes))}\n`;
    for (const holder of others) yield `  ${line(holderSentence(each, holder, formatBytes))}\n`;
    yield `  ${line(classFigures(each, formatBytes))}\n\n`;
  }
  if (classes.some(({ before }) => before !== undefined)) yield formatTable(growthRows(classes), 4);
  if (omitted > 0) yield `${omitted} more classes; --top shows more\n`;
}

function growthRows(classes: readonly HeldClass[]): readonly (readonly string[])[] {
  return [
    ['GROWTH', 'BYTES', 'NEW', 'OBJECTS', 'CLASS', 'HOLDER'],
    ...classes.map(({ name, objects, bytes, before, holders }) => [
      signed(bytes - (before?.bytes ?? 0)),
      formatBytes(Math.round(bytes)),
      count(objects - (before?.objects ?? 0)),
      count(objects),
      printable(name),
      printable(holders[0]?.text ?? ''),
    ]),
  ];
}

function signed(bytes: number): string {
  return `${bytes < 0 ? '-' : '+'}${formatBytes(Math.abs(Math.round(bytes)))}`;
}

function line(text: string): string {
  return wrapLine(printable(text));
}

function count(objects: number): string {
  return objects.toLocaleString('en-US');
}

/** Returns a report as JSON. */
export function holdersJson(
  files: readonly string[],
  { objects, bytes, classes, omitted }: HolderReport,
  packageOf: PackageOf,
): object {
  return {
    ...(files.length === 1 ? { file: files[0] } : { file: null, files }),
    objects,
    bytes,
    omitted,
    classes: classes.map((each) => ({
      class: each.name,
      objects: each.objects,
      bytes: each.bytes,
      retained_bytes: each.retainedBytes,
      ...placeJson(each.place, packageOf),
      ...(each.before !== undefined && {
        objects_before: each.before.objects,
        bytes_before: each.before.bytes,
      }),
      explained_objects: each.explained.objects,
      explained_bytes: each.explained.bytes,
      sentence: holderSentence(each, each.holders[0], formatBytes),
      holders: each.holders.map((holder) => ({
        kind: holder.kind,
        holder: holder.text,
        class: holder.className,
        name: holder.name,
        owner: holder.owner,
        ...placeJson(holder.place, packageOf),
        share: holder.share,
        objects: holder.objects,
        bytes: holder.bytes,
        only: holder.isOnly,
        reference: holder.reference,
        path: holder.path.map((step) => ({
          [step.isFunction ? 'function' : 'class']: step.name,
          by: step.by,
          name: step.as,
          ...(step.repeated > 1 && { repeated: step.repeated }),
        })),
      })),
      made_by: each.makers.map(({ name, file, line: at, bytes: made, objects: number }) => ({
        function: name,
        file,
        line: at,
        package: packageOf(file),
        objects: number,
        bytes: made,
      })),
    })),
  };
}

function placeJson(place: HeldClass['place'], packageOf: PackageOf): object {
  return { file: place?.file, line: place?.line, package: place && packageOf(place.file) };
}
