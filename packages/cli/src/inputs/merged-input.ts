import type { CaptureEnd, CaptureWindow } from '@heapray/exporter/memray';
import { mergeProfiles, type Profile } from '@heapray/exporter/profile';
import { CommandError } from '../errors.js';
import { type Input, type InputFormat, readInput } from './index.js';
import { assertReadOnce, noteSameRuns, processNames } from './processes.js';
import { nameOf } from './read-bytes.js';

/** One profile from one or more files. */
export interface MergedInput {
  readonly profile: Profile;
  readonly format: InputFormat;
  /** State of each input at its end; undefined for inputs other than captures. */
  readonly ends: readonly (CaptureEnd | undefined)[];
  /** Names of the files, for messages. */
  readonly name: string;
  /** Description of the summed inputs, for example `3 processes`; undefined for one file. */
  readonly sumOf: string | undefined;
}

const FORMAT_NAMES: Readonly<Record<InputFormat, string>> = {
  memray: 'a memray capture',
  pprof: 'a pprof',
  heapprofile: 'a V8 heap profile',
  otlp: 'OTLP profiles',
};

/**
 * Reads files of one kind and sums them, with the label `process` to distinguish them. A single file is unchanged,
 * unless `labelProcess`. Sums are exact; the peak is the sum of each file's own peak.
 *
 * @param window part of the time of each capture to consider. Default: all
 * @throws CommandError when a file cannot be read or is of a different kind than the first; UsageError for standard
 *   input given twice
 */
export async function readInputs(
  files: readonly string[],
  labelProcess = false,
  window?: CaptureWindow,
): Promise<MergedInput> {
  assertReadOnce(files);
  const inputs: (Input & { readonly file: string })[] = [];
  for (const file of files) {
    const input = { ...(await readInput(file, window)), file };
    if (inputs[0] !== undefined) assertSameKind(inputs[0], input);
    inputs.push(input);
  }
  const [first] = inputs;
  if (first === undefined) throw new RangeError('no files');
  const ends = inputs.map(({ end }) => end);
  const base = { format: first.format, ends, name: inputsName(files) };
  const processes = inputs.map(({ file, end }) => ({ file, header: end?.header }));
  noteSameRuns(processes);
  if (inputs.length === 1 && !labelProcess) return { ...base, profile: first.profile, sumOf: undefined };
  const labels = processNames(processes).map((process) => ({ process }));
  const sum = sumOf(inputs);
  const hasPeak = first.profile.columns.some(({ type }) => isPeak(type));
  const comments = hasPeak && sum !== undefined ? [`heapray: peaks are the sum of the peaks of ${sum}`] : [];
  const profile = mergeProfiles(
    inputs.map((input) => input.profile),
    { labels, comments },
  );
  return { ...base, profile, sumOf: sum };
}

/** Returns the name of several files for messages. */
export function inputsName(files: readonly string[]): string {
  const [first = '', ...more] = files;
  return more.length === 0 ? nameOf(first) : `${nameOf(first)} and ${more.length} more`;
}

/** Returns the meaning of a column's total when several files are summed; undefined for one file. */
export function meaningOfSum({ sumOf: sum }: Pick<MergedInput, 'sumOf'>, column: string): string | undefined {
  if (sum === undefined) return undefined;
  return isPeak(column) ? `the sum of the peaks of ${sum}` : `the sum of ${sum}`;
}

function isPeak(column: string): boolean {
  return column.startsWith('peak_');
}

function sumOf(inputs: readonly Input[]): string | undefined {
  if (inputs.length === 1) return undefined;
  return `${inputs.length} ${inputs[0]!.format === 'memray' ? 'processes' : 'profiles'}`;
}

interface KindOfInput extends Input {
  readonly file: string;
}

function assertSameKind(first: KindOfInput, other: KindOfInput): void {
  const [is, was] = [kindOf(other), kindOf(first)];
  if (is === was) return;
  throw new CommandError(
    `${nameOf(other.file)}: cannot be merged with ${nameOf(first.file)}: it is ${is}, and that is ${was}`,
  );
}

/** Returns a description of an input's kind. Inputs of the same kind have the same columns. */
function kindOf({ format, profile, end }: Input): string {
  const name = FORMAT_NAMES[format];
  if (format === 'memray') {
    return end?.header.fileFormat === 'AGGREGATED_ALLOCATIONS' ? `${name}, aggregated` : name;
  }
  return `${name} of ${profile.columns.map(({ type, unit }) => `${type}/${unit}`).join(', ')}`;
}
