/** A metric of `heapray watch`. */
export interface MetricSpec {
  /** Dotted name, without unit and `total`. */
  readonly name: string;
  readonly kind: 'counter' | 'updowncounter' | 'gauge';
  /** UCUM code. */
  readonly unit: string;
  readonly description: string;
}

export type SiteMetric = 'allocated' | 'allocations' | 'retained' | 'retainedObjects' | 'peak';

/**
 * Metrics by call site. Those that `@heapray/instrumentation` has too are of the same kind and unit, and have the
 * attributes of a call site.
 */
export const SITE_METRICS: Readonly<Record<SiteMetric, MetricSpec>> = {
  allocated: {
    name: 'heapray.memory.allocated',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes allocated, freed or not, by call site',
  },
  allocations: {
    name: 'heapray.memory.allocations',
    kind: 'counter',
    unit: '{allocation}',
    description: 'Allocations, freed or not, by call site',
  },
  retained: {
    name: 'heapray.memory.retained',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Bytes in use, by the call site that allocated them',
  },
  retainedObjects: {
    name: 'heapray.memory.retained_objects',
    kind: 'updowncounter',
    unit: '{object}',
    description: 'Allocations in use, by the call site that made them',
  },
  peak: {
    name: 'heapray.memory.peak',
    kind: 'updowncounter',
    unit: 'By',
    description: 'Bytes in use when the heap was largest, by call site',
  },
};

export type CaptureMetric =
  | 'resident'
  | 'events'
  | 'data'
  | 'size'
  | 'age'
  | 'startTime'
  | 'damaged'
  | 'runs'
  | 'status'
  | 'read'
  | 'hint';

/** Metrics of a capture as a whole, and of `heapray watch` itself. */
export const CAPTURE_METRICS: Readonly<Record<CaptureMetric, MetricSpec>> = {
  resident: {
    name: 'heapray.capture.resident',
    kind: 'updowncounter',
    unit: 'By',
    description:
      'Resident memory: of the traced process as last recorded in its capture, of its children as the system reports',
  },
  events: {
    name: 'heapray.capture.events',
    kind: 'counter',
    unit: '{event}',
    description: 'Allocations and deallocations read from the capture',
  },
  data: {
    name: 'heapray.capture.data',
    kind: 'gauge',
    unit: 'By',
    description: 'Bytes of data in the capture file, without room reserved ahead',
  },
  size: {
    name: 'heapray.capture.size',
    kind: 'gauge',
    unit: 'By',
    description: 'Size of the capture file',
  },
  age: {
    name: 'heapray.capture.age',
    kind: 'gauge',
    unit: 's',
    description: 'Time since the capture last grew',
  },
  startTime: {
    name: 'heapray.capture.start_time',
    kind: 'gauge',
    unit: 's',
    description: 'Start of the capture, in seconds since the Unix epoch',
  },
  damaged: {
    name: 'heapray.capture.damaged',
    kind: 'gauge',
    unit: '1',
    description: 'Whether the capture cannot be read to its end; what precedes the damage counts',
  },
  runs: {
    name: 'heapray.capture.runs',
    kind: 'counter',
    unit: '{run}',
    description: 'Runs with a capture at this path since heapray watches it, including moved captures',
  },
  status: {
    name: 'heapray.capture.status',
    kind: 'gauge',
    unit: '1',
    description: 'State of the program according to its capture: 1 for the current state',
  },
  read: {
    name: 'heapray.watch.read',
    kind: 'counter',
    unit: 'By',
    description: 'Bytes that heapray has read from the capture files',
  },
  hint: {
    name: 'heapray.watch.hint',
    kind: 'gauge',
    unit: '1',
    description: 'Problem of a capture that needs action; heapray describes it on stderr',
  },
};
