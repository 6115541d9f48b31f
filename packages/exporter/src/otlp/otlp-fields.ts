// Field numbers of the messages of OTLP profiles (v1development); proto/otlp describes them.

export const REQUEST = { RESOURCE_PROFILES: 1, DICTIONARY: 2 } as const;
export const RESPONSE = { PARTIAL_SUCCESS: 1 } as const;
export const PARTIAL_SUCCESS = { REJECTED_PROFILES: 1, ERROR_MESSAGE: 2 } as const;
export const RESOURCE_PROFILES = { RESOURCE: 1, SCOPE_PROFILES: 2 } as const;
export const RESOURCE = { ATTRIBUTES: 1 } as const;
export const SCOPE_PROFILES = { SCOPE: 1, PROFILES: 2 } as const;
export const SCOPE = { NAME: 1, VERSION: 2, ATTRIBUTES: 3 } as const;
export const PROFILE = {
  SAMPLE_TYPE: 1,
  SAMPLES: 2,
  TIME_UNIX_NANO: 3,
  DURATION_NANO: 4,
  PERIOD_TYPE: 5,
  PERIOD: 6,
  ATTRIBUTE_INDICES: 11,
} as const;
export const SAMPLE = {
  STACK_INDEX: 1,
  ATTRIBUTE_INDICES: 2,
  VALUES: 4,
  TIMESTAMPS_UNIX_NANO: 5,
} as const;
export const VALUE_TYPE = { TYPE: 1, UNIT: 2 } as const;
export const DICTIONARY = {
  MAPPING: 1,
  LOCATION: 2,
  FUNCTION: 3,
  LINK: 4,
  STRING: 5,
  ATTRIBUTE: 6,
  STACK: 7,
} as const;
export const MAPPING = { START: 1, LIMIT: 2, OFFSET: 3, FILENAME: 4 } as const;
export const LOCATION = { MAPPING: 1, ADDRESS: 2, LINES: 3, ATTRIBUTE_INDICES: 4 } as const;
export const LINE = { FUNCTION: 1, LINE: 2, COLUMN: 3 } as const;
export const FUNCTION = { NAME: 1, SYSTEM_NAME: 2, FILENAME: 3, START_LINE: 4 } as const;
export const STACK = { LOCATION_INDICES: 1 } as const;
export const ATTRIBUTE = { KEY: 1, VALUE: 2, UNIT: 3 } as const;
export const KEY_VALUE = { KEY: 1, VALUE: 2, KEY_STRINDEX: 3 } as const;
export const ANY_VALUE = {
  STRING: 1,
  BOOL: 2,
  INT: 3,
  DOUBLE: 4,
  ARRAY: 5,
  KEY_VALUES: 6,
  BYTES: 7,
  STRING_STRINDEX: 8,
} as const;
export const LIST = { VALUES: 1 } as const;
