import { wellFormed } from '../../profile/change/well-formed.js';
import type { Period, Profile, ResourceAttributes, ValueColumn } from '../../profile/index.js';
import { ownValue } from '../../profile/model/own-value.js';
import { NONE, type ProfileTables, tablesOf } from '../../profile/model/profile.js';
import { RowTable } from '../../tables/row-table.js';
import type { Chains } from '../../wire/packed-chains.js';
import { COMMENT, DEFAULT_SAMPLE_TYPE, EXECUTABLE_NAME, EXECUTABLE_PATH, LABEL_OF } from '../conventions.js';
import { Dictionary } from './dictionary.js';
import { LabelNames } from './label-names.js';

/** Facts of an export besides its profiles. */
export interface EncodeOtlpOptions {
  /** Attributes of what is profiled, `service.name` among them. Default: none. */
  readonly resource?: ResourceAttributes | undefined;
  /** The program that made the profiles. Default: heapray, without a version. */
  readonly scope?: { readonly name: string; readonly version?: string | undefined } | undefined;
}

/** The scope of exports that name no other. */
export const HEAPRAY_SCOPE: NonNullable<EncodeOtlpOptions['scope']> = { name: 'heapray' };

/** A pair of string indices. */
export interface IndexedType {
  readonly type: number;
  readonly unit: number;
}

/** A profile whose parts are indices of the dictionary. */
export interface IndexedProfile {
  /** Attributes of the scope: the column to show first. */
  readonly scopeAttributes: ResourceAttributes;
  /** Types of the columns. Each becomes a profile of its own. */
  readonly columns: readonly IndexedType[];
  readonly periodType: IndexedType | undefined;
  readonly period: number;
  /** Start of the time covered, in ns since the Unix epoch; 0 when unknown. */
  readonly startNanos: bigint;
  readonly durationNanos: bigint;
  readonly attributes: readonly number[];
  readonly sampleCount: number;
  /** Stack of each sample; 0 for none. */
  readonly stacks: Int32Array;
  /** Label set of each sample. */
  readonly labelSets: Int32Array;
  /** Attributes of each label set. */
  readonly labelAttributes: readonly (readonly number[])[];
  /** Values, one row of integers per sample, one per column. */
  readonly values: Float64Array;
}

/** All that a request contains, as numbers. Encoders write it as protocol buffers or JSON. */
export interface OtlpRequest {
  readonly dictionary: Dictionary;
  readonly profiles: readonly IndexedProfile[];
  /** Nodes of the stacks, whose numbers are locations. */
  readonly chains: Chains;
  /** Innermost node of each stack of the table, from its index 1 on. */
  readonly stackNodes: readonly number[];
}

/** Nodes of the stacks of all profiles. */
interface Nodes {
  readonly chains: Chains;
  /** Node of each stack of each profile; undefined where a stack is the node of the same number. */
  readonly nodesOf: readonly (Int32Array | undefined)[];
}

/** Numbers all parts of profiles in one dictionary. */
export function makeRequest(given: readonly Profile[]): OtlpRequest {
  const dictionary = new Dictionary();
  const profiles = given.map(wellFormed);
  const tables = profiles.map(tablesOf);
  const frameLocations = tables.map(({ frames }) => dictionary.locationsOf(frames));
  const isOneToOne = profiles.length === 1 && dictionary.locationCount === profiles[0]!.frameCount + 1;
  const nodes = isOneToOne ? ownNodes(tables[0]!) : joinedNodes(tables, frameLocations);
  const stacks = new StackNumbers(nodes.chains.parents.length);
  return {
    dictionary,
    profiles: profiles.map((profile, at) =>
      indexedProfile(profile, tables[at]!, stacks.of(tables[at]!, nodes.nodesOf[at]), dictionary),
    ),
    chains: nodes.chains,
    stackNodes: stacks.nodes,
  };
}

/**
 * Returns the stacks of one profile as nodes. Its stacks are different, and so are the locations of its frames, which are
 * numbered from 1 in the order of the frames.
 */
function ownNodes({ stackParents, stackFrames }: ProfileTables): Nodes {
  return { chains: { parents: stackParents, numbers: stackFrames, offset: 1 }, nodesOf: [undefined] };
}

/** Returns nodes for the stacks of all profiles, equal ones once. */
function joinedNodes(tables: readonly ProfileTables[], frameLocations: readonly Int32Array[]): Nodes {
  const table = new RowTable(2);
  const nodesOf = tables.map(({ stackParents, stackFrames }, at) => {
    const nodes = new Int32Array(stackParents.length);
    for (let stack = 0; stack < nodes.length; stack++) {
      const parent = stackParents[stack]!;
      const location = frameLocations[at]![stackFrames[stack]!]!;
      nodes[stack] = table.handleFor(parent === NONE ? NONE : nodes[parent]!, location);
    }
    return nodes;
  });
  const parents = new Int32Array(table.count);
  const locations = new Int32Array(table.count);
  for (let node = 0; node < table.count; node++) {
    parents[node] = table.at(node, 0);
    locations[node] = table.at(node, 1);
  }
  return { chains: { parents, numbers: locations, offset: 0 }, nodesOf };
}

/** Numbers the stacks that samples have, from 1. */
class StackNumbers {
  readonly nodes: number[] = [];
  readonly #numbers: Int32Array;

  constructor(nodeCount: number) {
    this.#numbers = new Int32Array(nodeCount);
  }

  /** Returns the stack of each sample; 0 for none. */
  of({ sampleStacks }: ProfileTables, nodesOf: Int32Array | undefined): Int32Array {
    const stacks = new Int32Array(sampleStacks.length);
    for (let row = 0; row < stacks.length; row++) {
      const stack = sampleStacks[row]!;
      if (stack === NONE) continue;
      const node = nodesOf === undefined ? stack : nodesOf[stack]!;
      if (this.#numbers[node] === 0) this.#numbers[node] = this.nodes.push(node);
      stacks[row] = this.#numbers[node]!;
    }
    return stacks;
  }
}

function indexedProfile(
  profile: Profile,
  { labelSets, sampleLabels, values }: ProfileTables,
  stacks: Int32Array,
  dictionary: Dictionary,
): IndexedProfile {
  const { timeNanos, durationNanos, period, defaultColumn } = profile;
  const names = new LabelNames(labelSets);
  const indexedType = ({ type, unit }: ValueColumn | Period): IndexedType => ({
    type: dictionary.strings.handleFor(type),
    unit: dictionary.strings.handleFor(unit),
  });
  return {
    scopeAttributes: defaultColumn === undefined ? {} : { [DEFAULT_SAMPLE_TYPE]: defaultColumn },
    columns: profile.columns.map(indexedType),
    periodType: period && indexedType(period),
    period: period?.value ?? 0,
    // OpenTelemetry wants the start of the time covered. For what is in use, which is the state of one moment, it recommends
    // the start of the process with its age, which is what cumulative profiles cover.
    startNanos: timeNanos > durationNanos ? timeNanos - durationNanos : 0n,
    durationNanos,
    attributes: profileAttributes(profile, names, dictionary),
    sampleCount: stacks.length,
    stacks,
    labelSets: sampleLabels,
    labelAttributes: labelSets.map((labels) =>
      Object.entries(labels).map(([key, value]) => {
        const unit = typeof value === 'number' ? ownValue(profile.labelUnits, key) : undefined;
        return dictionary.attribute(names.attributeOf(key), value, unit);
      }),
    ),
    values,
  };
}

function profileAttributes(profile: Profile, names: LabelNames, dictionary: Dictionary): number[] {
  const { comments, program } = profile;
  const attributes: number[] = [];
  if (comments.length > 0) attributes.push(dictionary.attribute(COMMENT, comments));
  if (program !== undefined) {
    const key = /[/\\]/.test(program) ? EXECUTABLE_PATH : EXECUTABLE_NAME;
    attributes.push(dictionary.attribute(key, program));
  }
  for (const [attribute, label] of names.unusual) {
    attributes.push(dictionary.attribute(LABEL_OF + attribute, label));
  }
  return attributes;
}
