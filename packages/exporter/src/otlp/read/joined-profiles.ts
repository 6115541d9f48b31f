import { columnProblem } from '../../profile/build/rules.js';
import type { Profile, ProfileOptions } from '../../profile/index.js';
import { ProfileBuilder } from '../../profile/index.js';
import type { ByteReader } from '../../wire/byte-reader.js';
import { COMMENT, EXECUTABLE_NAME, EXECUTABLE_PATH, LABEL_OF, LABELS_BY_ATTRIBUTE } from '../conventions.js';
import type { ReadCounts } from './limits.js';
import type { ReadProfile, ReadRequest, ReadScope, ReadType } from './read-request.js';
import { SampleReader } from './read-samples.js';
import type { ReadTables } from './read-tables.js';
import type { Scalar } from './read-value.js';

const INT64_MAX = 2n ** 63n - 1n;
/** Maximum number of attributes whose units are kept. */
const MAX_UNITS = 256;

/**
 * Returns the profiles of a request. OTLP profiles of one scope become columns of one profile if only their types of value and
 * their samples differ.
 *
 * @throws Error with the reason for an index without an entry, or when a limit is exceeded
 */
export function joinedProfiles(
  { tables, scopes }: ReadRequest,
  reader: ByteReader,
  counts: ReadCounts,
): Profile[] {
  const units = tables.units(MAX_UNITS);
  return scopes.flatMap((scope) =>
    groupsOf(scope).map((group) => joinedProfile(group, scope, units, { tables, reader, counts })),
  );
}

interface Input {
  readonly tables: ReadTables;
  readonly reader: ByteReader;
  readonly counts: ReadCounts;
}

function groupsOf({ profiles }: ReadScope): ReadProfile[][] {
  const groups: ReadProfile[][] = [];
  let types = new Set<number>();
  for (const profile of profiles) {
    const group = groups.at(-1);
    if (group === undefined || types.has(profile.sampleType.type) || !isAlike(group[0]!, profile)) {
      types = new Set();
      groups.push([profile]);
    } else {
      group.push(profile);
    }
    types.add(profile.sampleType.type);
  }
  return groups;
}

function isAlike(a: ReadProfile, b: ReadProfile): boolean {
  return (
    a.timeNanos === b.timeNanos &&
    a.durationNanos === b.durationNanos &&
    a.period === b.period &&
    a.periodType?.type === b.periodType?.type &&
    a.periodType?.unit === b.periodType?.unit &&
    a.attributes.length === b.attributes.length &&
    a.attributes.every((attribute, at) => attribute === b.attributes[at])
  );
}

function joinedProfile(
  group: readonly ReadProfile[],
  scope: ReadScope,
  units: ReadonlyMap<string, string>,
  { tables, reader, counts }: Input,
): Profile {
  const options = optionsOf(group, scope, tables);
  const labels = labelNames(group[0]!, tables);
  const labelUnits = [...units].map(([key, unit]): [string, string] => [labels.get(key) ?? key, unit]);
  const builder = new ProfileBuilder({ ...options, labelUnits: Object.fromEntries(labelUnits) });
  const samples = new SampleReader(reader, tables, builder, labels, counts);
  for (const [column, { start, end }] of group.entries()) {
    reader.position = start;
    samples.read(end, column, options.columns.length);
  }
  return builder.build();
}

function optionsOf(group: readonly ReadProfile[], scope: ReadScope, tables: ReadTables): ProfileOptions {
  const [first] = group as [ReadProfile];
  const named = ({ type, unit }: ReadType) => ({ type: tables.text(type), unit: tables.text(unit) });
  const columns = group.map(({ sampleType }) => named(sampleType));
  const problem = columnProblem(columns);
  if (problem !== undefined) throw new Error(problem);
  const { defaultSampleType } = scope;
  const { timeNanos, durationNanos, period } = first;
  const attributes = profileAttributes(first, tables);
  const [program] = attributes.get(EXECUTABLE_NAME) ?? attributes.get(EXECUTABLE_PATH) ?? [scope.program];
  return {
    columns,
    defaultColumn: columns.some(({ type }) => type === defaultSampleType) ? defaultSampleType : undefined,
    period: first.periodType && {
      ...named(first.periodType),
      value: Number.isSafeInteger(period) && period > 0 ? period : 0,
    },
    // OTLP has the start of the time covered, a profile its end.
    timeNanos: timeNanos === 0n ? 0n : atMost(timeNanos + durationNanos),
    durationNanos: atMost(durationNanos),
    comments: (attributes.get(COMMENT) ?? []).map(String),
    program: program === undefined ? undefined : `${program}`,
  };
}

function profileAttributes(profile: ReadProfile, tables: ReadTables): ReadonlyMap<string, readonly Scalar[]> {
  return new Map(
    profile.attributes.map((index): [string, readonly Scalar[]] => {
      const { key, values } = tables.attribute(index);
      return [key, values];
    }),
  );
}

/** Returns the label that each attribute with a convention stands for. */
function labelNames(profile: ReadProfile, tables: ReadTables): ReadonlyMap<string, string> {
  const attributes = profileAttributes(profile, tables);
  return new Map(
    Array.from(LABELS_BY_ATTRIBUTE, ([attribute, labels]): [string, string] => {
      const [unusual] = attributes.get(LABEL_OF + attribute) ?? [];
      return [attribute, unusual === undefined ? labels[0]! : `${unusual}`];
    }),
  );
}

function atMost(nanos: bigint): bigint {
  return nanos > INT64_MAX ? INT64_MAX : nanos;
}
