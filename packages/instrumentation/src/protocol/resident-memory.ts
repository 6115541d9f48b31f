/**
 * Kinds of resident memory: values of the attribute of `heapray.memory.resident`, and of the label `kind` of what a profile
 * has beside call sites.
 */
export const RESIDENT_KINDS = [
  'heap',
  'code',
  'array_buffers',
  'external',
  'malloc',
  'allocator_retained',
  'worker',
  'profiler',
  'stack',
  'mapped_file',
  'shared',
  'unexplained',
] as const;

export type ResidentKind = (typeof RESIDENT_KINDS)[number];

/** Parts of the resident memory: the kinds, the heap in two. `heap` holds objects, `heap_free` is free but committed. */
export const RESIDENT_PARTS = [
  'heap',
  'heap_free',
  ...RESIDENT_KINDS.filter((kind): kind is Exclude<ResidentKind, 'heap'> => kind !== 'heap'),
] as const;

export type ResidentPart = 'heap_free' | ResidentKind;

/** Resident memory of the process by part, in bytes. The parts that are present add up to all of it. */
export type ResidentMemory = Readonly<Partial<Record<ResidentPart, number>>>;

/** Generations of V8's heap: `large` has the old objects that fill pages of their own. */
export const HEAP_GENERATIONS = ['young', 'old', 'large'] as const;
/** `used`: by objects, garbage included. `free`: committed, and without objects. */
export const HEAP_STATES = ['used', 'free'] as const;

/** A part of the resident heap without code, in bytes. */
export interface HeapPart {
  readonly generation: (typeof HEAP_GENERATIONS)[number];
  readonly state: (typeof HEAP_STATES)[number];
  readonly bytes: number;
}

/** Resident memory at one moment. */
export interface ResidentSplit {
  readonly parts: ResidentMemory;
  /** The heap by generation and state; adds up to `heap` and `heap_free`. */
  readonly heap: readonly HeapPart[];
}

/** Events of a control group's memory, as its files name them. */
export const CGROUP_EVENTS = ['high', 'max', 'oom', 'oom_kill'] as const;
export type CgroupEvent = (typeof CGROUP_EVENTS)[number];
