/** Kinds of resident memory: values of the attribute of `heapray.memory.resident`. */
export const RESIDENT_KINDS = [
  'heap',
  'code',
  'array_buffers',
  'external',
  'malloc',
  'profiler',
  'stack',
  'mapped_file',
  'unexplained',
] as const;

export type ResidentKind = (typeof RESIDENT_KINDS)[number];

/** Resident memory of the process by kind, in bytes. The kinds that are present add up to all of it. */
export type ResidentMemory = Readonly<Partial<Record<ResidentKind, number>>>;
