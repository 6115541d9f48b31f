// Field numbers of the messages, from profile.proto of github.com/google/pprof; proto/pprof describes them.

export const PROFILE = {
  SAMPLE_TYPE: 1,
  SAMPLE: 2,
  MAPPING: 3,
  LOCATION: 4,
  FUNCTION: 5,
  STRING: 6,
  TIME_NANOS: 9,
  DURATION_NANOS: 10,
  PERIOD_TYPE: 11,
  PERIOD: 12,
  COMMENT: 13,
  DEFAULT_SAMPLE_TYPE: 14,
} as const;
export const VALUE_TYPE = { TYPE: 1, UNIT: 2 } as const;
export const SAMPLE = { LOCATION_ID: 1, VALUE: 2, LABEL: 3 } as const;
export const LABEL = { KEY: 1, STR: 2, NUM: 3, NUM_UNIT: 4 } as const;
export const MAPPING = {
  ID: 1,
  START: 2,
  LIMIT: 3,
  OFFSET: 4,
  FILENAME: 5,
  HAS_FUNCTIONS: 7,
  HAS_FILENAMES: 8,
  HAS_LINE_NUMBERS: 9,
} as const;
export const LOCATION = { ID: 1, MAPPING_ID: 2, ADDRESS: 3, LINE: 4 } as const;
export const LINE = { FUNCTION_ID: 1, LINE: 2, COLUMN: 3 } as const;
export const FUNCTION = { ID: 1, NAME: 2, SYSTEM_NAME: 3, FILENAME: 4, START_LINE: 5 } as const;
