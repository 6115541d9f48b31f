import type { FunctionKind, PageColumn, PageData, PageProfile } from '../../src/page/page-data.ts';

/** A function of the profile. */
export interface FunctionInfo {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly kind: FunctionKind;
}

/** The data of the page, decoded. */
export interface Model {
  readonly title: string;
  readonly columns: readonly PageColumn[];
  /** Index of the column to show first. */
  readonly column: number;
  readonly functions: readonly FunctionInfo[];
  /** Caller of each node, or -1. */
  readonly callers: Int32Array;
  /** Function of each node. */
  readonly nodeFunctions: Int32Array;
  readonly labelKeys: readonly string[];
  /** For each set of labels, the value of each key. */
  readonly labelSets: readonly (readonly (string | undefined)[])[];
  readonly profiles: readonly ModelProfile[];
}

export interface ModelProfile {
  readonly name: string;
  readonly timeMillis: number | null;
  readonly durationSeconds: number;
  readonly comments: readonly string[];
  readonly totals: readonly number[];
  readonly standardErrors: readonly (number | null)[];
  /** Mean distance of samples in bytes: 0 for exact values, null when unknown. */
  readonly samplingInterval: number | null;
  /** Node and label set of each sample. */
  readonly nodes: Int32Array;
  readonly sets: Int32Array;
  /** Values by column. */
  readonly values: readonly Float64Array[];
}

/** Returns the share of a function's allocations that survive, from 0 to 1; null when unknown. */
export type SurvivalOf = (fn: FunctionInfo) => number | null;

/** Thrown for data that the page cannot show; the message says why. */
export class DataError extends Error {}

/**
 * Decodes the JSON text of the page's data.
 *
 * @throws DataError if it is damaged, or of another version
 */
export function readModel(json: string): Model {
  const data = parsed(json);
  try {
    return decode(data);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError('a part is missing', { cause });
  }
}

function parsed(json: string): PageData {
  let data: Partial<PageData> | null;
  try {
    data = JSON.parse(json) as Partial<PageData> | null;
  } catch (cause) {
    throw new DataError('it is not JSON', { cause });
  }
  if (data?.format !== 'heapray-page') throw new DataError('it is not data of heapray');
  if (data.version !== 1) throw new DataError(`this page reads version 1, not ${data.version}`);
  return data as PageData;
}

function decode(data: PageData): Model {
  const { strings, functions, tree, labels } = data;
  const text = (index: number): string => {
    const found = strings[index];
    if (typeof found !== 'string') throw new DataError(`there is no text ${index}`);
    return found;
  };
  const functionCount = functions.names.length;
  const nodeCount = tree.callers.length;
  const nodeFunctions = indexes(tree.functions, nodeCount, functionCount, 'function');
  const callers = Int32Array.from(tree.callers, (distance, node) => {
    if (distance === 0) return -1;
    if (!(distance > 0 && distance <= node)) throw new DataError(`node ${node} has no caller`);
    return node - distance;
  });
  return {
    title: data.title,
    columns: data.columns,
    column: data.column,
    functions: functions.names.map((name, at) => ({
      name: text(name),
      file: text(functions.files[at]!),
      line: functions.lines[at]!,
      column: functions.columns[at]!,
      kind: functions.kinds[at]!,
    })),
    callers,
    nodeFunctions,
    labelKeys: labels.keys,
    labelSets: labels.sets.map((set) => set.map((value) => (value < 0 ? undefined : text(value)))),
    profiles: data.profiles.map((profile) => {
      const count = profile.nodes.length;
      let node = 0;
      const nodes = profile.nodes.map((distance) => {
        node += distance;
        return node;
      });
      return {
        ...profile,
        samplingInterval: intervalOf(profile),
        nodes: indexes(nodes, count, nodeCount, 'node'),
        sets: indexes(profile.sets, count, labels.sets.length, 'label set'),
        values: data.columns.map((_, column) => {
          const values = Float64Array.from(profile.values[column]!);
          if (values.length !== count) throw new DataError('values are missing');
          return values;
        }),
      };
    }),
  };
}

/** Returns the sampling interval of a profile; null when unknown, as in data of older versions. */
function intervalOf({ samplingInterval = null }: PageProfile): number | null {
  return samplingInterval !== null && samplingInterval >= 0 ? samplingInterval : null;
}

function indexes(list: readonly number[], length: number, limit: number, what: string): Int32Array {
  if (list.length !== length) throw new DataError(`there are ${list.length} entries for ${length} (${what})`);
  for (const index of list) {
    if (!(index >= 0 && index < limit)) throw new DataError(`there is no ${what} ${index}`);
  }
  return Int32Array.from(list);
}
