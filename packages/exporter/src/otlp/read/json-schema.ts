import {
  ANY_VALUE,
  ATTRIBUTE,
  DICTIONARY,
  FUNCTION,
  KEY_VALUE,
  LINE,
  LIST,
  LOCATION,
  MAPPING,
  PROFILE,
  REQUEST,
  RESOURCE,
  RESOURCE_PROFILES,
  SAMPLE,
  SCOPE,
  SCOPE_PROFILES,
  STACK,
  VALUE_TYPE,
} from '../otlp-fields.js';

/** Types of fields without structure. `integer` is up to 64 bits with a sign, `uint64` and `fixed64` without. */
export type PlainType = 'integer' | 'uint64' | 'fixed64' | 'text' | 'bytes' | 'boolean' | 'double';

export interface JsonField {
  readonly number: number;
  readonly type: PlainType | JsonMessage;
  readonly isList: boolean;
}

/** The fields of a message by their names in JSON. */
export type JsonMessage = ReadonlyMap<string, JsonField>;

type Fields = readonly (readonly [name: string, number: number, type: PlainType | JsonMessage])[];

function message(single: Fields, lists: Fields = []): JsonMessage {
  return new Map<string, JsonField>([
    ...single.map(([name, number, type]) => [name, { number, type, isList: false }] as const),
    ...lists.map(([name, number, type]) => [name, { number, type, isList: true }] as const),
  ]);
}

const ANY = new Map<string, JsonField>();
const ARRAY = message([], [['values', LIST.VALUES, ANY]]);
const PAIR = message([
  ['key', KEY_VALUE.KEY, 'text'],
  ['value', KEY_VALUE.VALUE, ANY],
  ['keyStrindex', KEY_VALUE.KEY_STRINDEX, 'integer'],
]);
const PAIRS = message([], [['values', LIST.VALUES, PAIR]]);
const ANY_FIELDS = message([
  ['stringValue', ANY_VALUE.STRING, 'text'],
  ['boolValue', ANY_VALUE.BOOL, 'boolean'],
  ['intValue', ANY_VALUE.INT, 'integer'],
  ['doubleValue', ANY_VALUE.DOUBLE, 'double'],
  ['arrayValue', ANY_VALUE.ARRAY, ARRAY],
  ['kvlistValue', ANY_VALUE.KEY_VALUES, PAIRS],
  ['bytesValue', ANY_VALUE.BYTES, 'bytes'],
  ['stringValueStrindex', ANY_VALUE.STRING_STRINDEX, 'integer'],
]);
// A value may contain values.
for (const [name, field] of ANY_FIELDS) ANY.set(name, field);

/** The message `AnyValue`, the only one that contains itself. */
export const ANY_MESSAGE: JsonMessage = ANY;

const TYPE = message([
  ['typeStrindex', VALUE_TYPE.TYPE, 'integer'],
  ['unitStrindex', VALUE_TYPE.UNIT, 'integer'],
]);
const SAMPLE_FIELDS = message(
  [['stackIndex', SAMPLE.STACK_INDEX, 'integer']],
  [
    ['attributeIndices', SAMPLE.ATTRIBUTE_INDICES, 'integer'],
    ['values', SAMPLE.VALUES, 'integer'],
    ['timestampsUnixNano', SAMPLE.TIMESTAMPS_UNIX_NANO, 'fixed64'],
  ],
);
const PROFILE_FIELDS = message(
  [
    ['sampleType', PROFILE.SAMPLE_TYPE, TYPE],
    ['timeUnixNano', PROFILE.TIME_UNIX_NANO, 'fixed64'],
    ['durationNano', PROFILE.DURATION_NANO, 'uint64'],
    ['periodType', PROFILE.PERIOD_TYPE, TYPE],
    ['period', PROFILE.PERIOD, 'integer'],
  ],
  [
    ['samples', PROFILE.SAMPLES, SAMPLE_FIELDS],
    ['attributeIndices', PROFILE.ATTRIBUTE_INDICES, 'integer'],
  ],
);
const SCOPE_FIELDS = message(
  [
    ['name', SCOPE.NAME, 'text'],
    ['version', SCOPE.VERSION, 'text'],
  ],
  [['attributes', SCOPE.ATTRIBUTES, PAIR]],
);
const SCOPE_PROFILES_FIELDS = message(
  [['scope', SCOPE_PROFILES.SCOPE, SCOPE_FIELDS]],
  [['profiles', SCOPE_PROFILES.PROFILES, PROFILE_FIELDS]],
);
const RESOURCE_PROFILES_FIELDS = message(
  [['resource', RESOURCE_PROFILES.RESOURCE, message([], [['attributes', RESOURCE.ATTRIBUTES, PAIR]])]],
  [['scopeProfiles', RESOURCE_PROFILES.SCOPE_PROFILES, SCOPE_PROFILES_FIELDS]],
);
const MAPPING_FIELDS = message([
  ['memoryStart', MAPPING.START, 'uint64'],
  ['memoryLimit', MAPPING.LIMIT, 'uint64'],
  ['fileOffset', MAPPING.OFFSET, 'uint64'],
  ['filenameStrindex', MAPPING.FILENAME, 'integer'],
]);
const LINE_FIELDS = message([
  ['functionIndex', LINE.FUNCTION, 'integer'],
  ['line', LINE.LINE, 'integer'],
  ['column', LINE.COLUMN, 'integer'],
]);
const LOCATION_FIELDS = message(
  [
    ['mappingIndex', LOCATION.MAPPING, 'integer'],
    ['address', LOCATION.ADDRESS, 'uint64'],
  ],
  [['lines', LOCATION.LINES, LINE_FIELDS]],
);
const FUNCTION_FIELDS = message([
  ['nameStrindex', FUNCTION.NAME, 'integer'],
  ['systemNameStrindex', FUNCTION.SYSTEM_NAME, 'integer'],
  ['filenameStrindex', FUNCTION.FILENAME, 'integer'],
  ['startLine', FUNCTION.START_LINE, 'integer'],
]);
const ATTRIBUTE_FIELDS = message([
  ['keyStrindex', ATTRIBUTE.KEY, 'integer'],
  ['value', ATTRIBUTE.VALUE, ANY],
  ['unitStrindex', ATTRIBUTE.UNIT, 'integer'],
]);
const DICTIONARY_FIELDS = message(
  [],
  [
    ['mappingTable', DICTIONARY.MAPPING, MAPPING_FIELDS],
    ['locationTable', DICTIONARY.LOCATION, LOCATION_FIELDS],
    ['functionTable', DICTIONARY.FUNCTION, FUNCTION_FIELDS],
    ['stringTable', DICTIONARY.STRING, 'text'],
    ['attributeTable', DICTIONARY.ATTRIBUTE, ATTRIBUTE_FIELDS],
    ['stackTable', DICTIONARY.STACK, message([], [['locationIndices', STACK.LOCATION_INDICES, 'integer']])],
  ],
);

/** The message `ExportProfilesServiceRequest`, with the fields that are read. */
export const REQUEST_MESSAGE: JsonMessage = message(
  [['dictionary', REQUEST.DICTIONARY, DICTIONARY_FIELDS]],
  [['resourceProfiles', REQUEST.RESOURCE_PROFILES, RESOURCE_PROFILES_FIELDS]],
);
