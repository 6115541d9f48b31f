// Names of attributes, by OpenTelemetry's semantic conventions where they have one. Those of the namespace `code` are not for
// profiles: functions and lines have their place there.

export const FRAME_TYPE = 'profile.frame.type';
export const THREAD_NAME = 'thread.name';
export const THREAD_ID = 'thread.id';
/** The comments of a profile, as a list. */
export const COMMENT = 'pprof.profile.comment';
/** The column to show first. An attribute of the scope. */
export const DEFAULT_SAMPLE_TYPE = 'pprof.scope.default_sample_type';
/** The name of the program, or its path. */
export const EXECUTABLE_NAME = 'process.executable.name';
export const EXECUTABLE_PATH = 'process.executable.path';
/** Start of the name of an attribute with the label that another attribute stands for, if it is not the usual one. */
export const LABEL_OF = 'heapray.label.';

/** Labels of profiles by the attributes that stand for them, the usual one first. */
export const LABELS_BY_ATTRIBUTE: ReadonlyMap<string, readonly string[]> = new Map([
  [THREAD_NAME, ['thread']],
  [THREAD_ID, ['thread_id', 'tid']],
]);
