import {
  displayName,
  type FrameRef,
  type FunctionPlace,
  functionPlace,
  isRuntimeFrame,
  type Labels,
  type Profile,
  type ProfileFrame,
  type StackRef,
  totals,
} from '../profile/index.js';
import { RowTable } from '../tables/row-table.js';
import { type FunctionKind, PAGE_LABELS, type PageData, type PageProfile } from './page-data.js';

/** A profile to show, and what is known about it apart from its samples. */
export interface PageSource {
  readonly profile: Profile;
  /** Name to display, for example that of the file. */
  readonly name: string;
  /** Mean bytes between samples; 0 when every allocation was recorded. Default: the profile's period, if that is bytes. */
  readonly samplingInterval?: number | undefined;
  /** Standard error of the total of each column, by its type. Default: unknown. */
  readonly standardErrors?: Readonly<Record<string, number>> | undefined;
}

/** Settings of {@link makePageData}. */
export interface PageDataOptions {
  /** Default: the names of the profiles. */
  readonly title?: string | undefined;
  /** `type` of the column to show first. Default: that of the profile, else bytes in use, else the last. */
  readonly column?: string | undefined;
  /** Returns the position that distinguishes functions of equal name and file. Default: where the function starts. */
  readonly placeOf?: ((frame: ProfileFrame) => FunctionPlace) | undefined;
}

/** Number of the root in {@link RowTable}s of nodes. */
const NO_CALLER = -1;
/** Name of the place of allocations without a stack. */
const NO_STACK = '(none)';
const INSTALLED = /[\\/](?:node_modules|site-packages|dist-packages|\.yarn[\\/]cache)[\\/]/;
const PYTHON_LIBRARY = /^<frozen |[\\/]lib(?:64|32)?[\\/](?:python|pypy)\d+\.\d+[a-z]*[\\/]/;

/**
 * Returns the data of a page that shows one profile, or the change from a first to a second one with the same columns.
 *
 * @throws RangeError for no profile, more than two, different columns, or an unknown column
 */
export function makePageData(sources: readonly PageSource[], options: PageDataOptions = {}): PageData {
  const [first] = sources;
  if (first === undefined || sources.length > 2) {
    throw new RangeError(`a page shows one or two profiles, not ${sources.length}`);
  }
  const { columns } = first.profile;
  const tables = new PageTables(options.placeOf ?? functionPlace, labelsIn(sources));
  const profiles = sources.map((source) => {
    assertColumns(first.profile, source.profile);
    return addProfile(tables, source);
  });
  return {
    format: 'heapray-page',
    version: 1,
    title: options.title ?? sources.map(({ name }) => name).join(' → '),
    columns: columns.map(({ type, unit }) => ({ type, unit })),
    column: columnToShow(sources.at(-1)!.profile, options.column),
    ...tables.data(),
    profiles,
  };
}

/** The tables that both profiles share. */
class PageTables {
  readonly #placeOf: (frame: ProfileFrame) => FunctionPlace;
  readonly #keys: readonly string[];
  readonly #strings = new Map<string, number>();
  readonly #byKey = new Map<string, number>();
  readonly #names: number[] = [];
  readonly #files: number[] = [];
  readonly #lines: number[] = [];
  readonly #columns: number[] = [];
  readonly #kinds: FunctionKind[] = [];
  readonly #nodes = new RowTable(2);
  readonly #callers: number[] = [];
  readonly #functions: number[] = [];
  readonly #setsByKey = new Map<string, number>();
  readonly #sets: (readonly number[])[] = [];

  constructor(placeOf: (frame: ProfileFrame) => FunctionPlace, keys: readonly string[]) {
    this.#placeOf = placeOf;
    this.#keys = keys;
  }

  /** Returns the index of the function of a frame. */
  functionOf(frame: ProfileFrame): number {
    const place = this.#placeOf(frame);
    return this.#function(displayName({ ...frame, ...place }), frame.file, place, kindOf(frame));
  }

  /** Returns the node in which `caller` (undefined for none) called a function. */
  node(caller: number | undefined, functionIndex: number): number {
    const node = this.#nodes.handleFor(caller ?? NO_CALLER, functionIndex);
    if (node === this.#callers.length) {
      this.#callers.push(caller === undefined ? 0 : node - caller);
      this.#functions.push(functionIndex);
    }
    return node;
  }

  /** Returns the root for allocations without a stack. */
  nodeWithoutStack(): number {
    return this.node(undefined, this.#function(NO_STACK, '', { line: 0, column: 0 }, 2));
  }

  /** Returns the index of a set of labels. */
  labelSet(labels: Labels): number {
    const set = this.#keys.map((key) => {
      return Object.hasOwn(labels, key) ? this.#string(`${labels[key]}`) : -1;
    });
    const key = set.join(' ');
    const known = this.#setsByKey.get(key);
    if (known !== undefined) return known;
    this.#setsByKey.set(key, this.#sets.length);
    return this.#sets.push(set) - 1;
  }

  data(): Pick<PageData, 'strings' | 'functions' | 'tree' | 'labels'> {
    return {
      strings: [...this.#strings.keys()],
      functions: {
        names: this.#names,
        files: this.#files,
        lines: this.#lines,
        columns: this.#columns,
        kinds: this.#kinds,
      },
      tree: { callers: this.#callers, functions: this.#functions },
      labels: { keys: this.#keys, sets: this.#sets },
    };
  }

  #function(name: string, file: string, { line, column }: FunctionPlace, kind: FunctionKind): number {
    const key = `${name}\0${file}\0${line}:${column}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const index = this.#names.push(this.#string(name)) - 1;
    this.#files.push(this.#string(file));
    this.#lines.push(line);
    this.#columns.push(column);
    this.#kinds.push(kind);
    this.#byKey.set(key, index);
    return index;
  }

  #string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const index = this.#strings.size;
    this.#strings.set(text, index);
    return index;
  }
}

function kindOf(frame: ProfileFrame): FunctionKind {
  if (isRuntimeFrame(frame)) return 2;
  return INSTALLED.test(frame.file) || PYTHON_LIBRARY.test(frame.file) ? 1 : 0;
}

/** Returns the labels to filter by that occur, in the order of {@link PAGE_LABELS}. */
function labelsIn(sources: readonly PageSource[]): string[] {
  const found = new Set<string>();
  const seen = new Set<Labels>();
  for (const { profile } of sources) {
    for (let sample = 0; sample < profile.sampleCount; sample++) {
      const labels = profile.labelsOf(sample);
      if (seen.has(labels)) continue;
      seen.add(labels);
      for (const key of Object.keys(labels)) found.add(key);
    }
  }
  return PAGE_LABELS.filter((key) => found.has(key));
}

function addProfile(tables: PageTables, source: PageSource): PageProfile {
  const { profile, name, samplingInterval = intervalOf(profile), standardErrors = {} } = source;
  const nodes = nodesOf(tables, profile);
  const setOf = new Map<Labels, number>();
  const rows = new RowTable(2);
  const rowNodes: number[] = [];
  const rowSets: number[] = [];
  const values = profile.columns.map((): number[] => []);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    const labels = profile.labelsOf(sample);
    const set = setOf.get(labels) ?? tables.labelSet(labels);
    setOf.set(labels, set);
    const stack = profile.stackOf(sample);
    const node = stack === undefined ? tables.nodeWithoutStack() : nodes[stack]!;
    const row = rows.handleFor(node, set);
    if (row === rowNodes.length) {
      rowNodes.push(node);
      rowSets.push(set);
      for (const column of values) column.push(0);
    }
    for (const [column, sums] of values.entries()) sums[row]! += profile.value(sample, column);
  }
  const order = rowNodes.map((_, row) => row).sort((a, b) => rowNodes[a]! - rowNodes[b]! || a - b);
  const sums = totals(profile);
  return {
    name,
    timeMillis: profile.timeNanos === 0n ? null : Number(profile.timeNanos / 1_000_000n),
    durationSeconds: Number(profile.durationNanos) / 1e9,
    comments: profile.comments,
    samplingInterval,
    totals: profile.columns.map(({ type }) => sums[type] ?? 0),
    standardErrors: profile.columns.map(({ type }) => {
      return Object.hasOwn(standardErrors, type) ? standardErrors[type]! : null;
    }),
    nodes: order.map((row, at) => rowNodes[row]! - (at === 0 ? 0 : rowNodes[order[at - 1]!]!)),
    sets: order.map((row) => rowSets[row]!),
    values: values.map((column) => order.map((row) => column[row]!)),
  };
}

/** Returns the mean bytes between samples, as heap profiles of Go and heapray give it; null when unknown. */
function intervalOf({ period }: Profile): number | null {
  return period?.unit === 'bytes' && period.value > 0 ? period.value : null;
}

/** Returns the node of each stack. */
function nodesOf(tables: PageTables, profile: Profile): Int32Array {
  const functions = Array.from({ length: profile.frameCount }, (_, frame) =>
    tables.functionOf(profile.frame(frame as FrameRef)),
  );
  const nodes = new Int32Array(profile.stackCount);
  for (let stack = 0; stack < nodes.length; stack++) {
    const parent = profile.stackParent(stack as StackRef);
    const caller = parent === undefined ? undefined : nodes[parent]!;
    nodes[stack] = tables.node(caller, functions[profile.stackFrame(stack as StackRef)]!);
  }
  return nodes;
}

function columnToShow({ columns, defaultColumn }: Profile, wanted: string | undefined): number {
  const types = columns.map(({ type }) => type);
  if (wanted !== undefined) {
    if (types.includes(wanted)) return types.indexOf(wanted);
    throw new RangeError(`no column ${wanted}; this profile has ${types.join(', ')}`);
  }
  const usual = [defaultColumn ?? '', 'inuse_space', 'space'].find((type) => types.includes(type));
  return usual === undefined ? types.length - 1 : types.indexOf(usual);
}

function assertColumns(a: Profile, b: Profile): void {
  const [left, right] = [a, b].map(({ columns }) =>
    columns.map(({ type, unit }) => `${type}/${unit}`).join(', '),
  );
  if (left !== right) throw new RangeError(`profiles have different columns: ${left} and ${right}`);
}
