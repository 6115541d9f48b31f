// Names of attributes and of metrics. Those from the semantic conventions are copied here because parts of
// the conventions are still in development.
//
// As the conventions demand, no name is also the namespace of another: beside `heapray.package.name` there
// can be no `heapray.package`. A test checks this for all names.

/** Schema URL of the version of the semantic conventions that the names below are from. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

/** Stable conventions. */
export const ATTR_CODE_FUNCTION_NAME = 'code.function.name';
export const ATTR_CODE_FILE_PATH = 'code.file.path';
export const ATTR_CODE_LINE_NUMBER = 'code.line.number';
export const ATTR_CODE_COLUMN_NUMBER = 'code.column.number';

/** Conventions in development. */
export const ATTR_THREAD_ID = 'thread.id';
export const ATTR_THREAD_NAME = 'thread.name';
export const ATTR_HEAP_SPACE = 'v8js.heap.space.name';
export const METRIC_PROCESS_MEMORY_USAGE = 'process.memory.usage';
export const METRIC_HEAP_SPACE_SIZE = 'v8js.memory.heap.space.size';
export const METRIC_HEAP_USED = 'v8js.memory.heap.used';
export const METRIC_HEAP_SPACE_AVAILABLE = 'v8js.memory.heap.space.available_size';
export const METRIC_HEAP_SPACE_PHYSICAL = 'v8js.memory.heap.space.physical_size';

/** Names of heapray's own. */
export const ATTR_PACKAGE_NAME = 'heapray.package.name';
export const ATTR_PACKAGE_VERSION = 'heapray.package.version';
export const ATTR_COMPONENT = 'heapray.component';
export const ATTR_MEMORY_KIND = 'heapray.memory.kind';
/** Generation of V8's heap, and state of its memory; only for the kind `heap`. */
export const ATTR_HEAP_GENERATION = 'heapray.heap.generation';
export const ATTR_HEAP_STATE = 'heapray.heap.state';
/** Part of the memory that is charged to a control group. */
export const ATTR_CGROUP_PART = 'heapray.cgroup.part';
export const ATTR_LIMIT_KIND = 'heapray.limit.kind';
export const ATTR_MODE = 'heapray.profiler.mode';
export const ATTR_REASON = 'heapray.reason';
export const ATTR_PAIR = 'heapray.pair';
export const ATTR_AGE = 'heapray.age';
/** Growth of a leak suspect, in bytes per second. */
export const ATTR_LEAK_GROWTH = 'heapray.leak.growth';
/** Bytes in use of a leak suspect that are older than a window. */
export const ATTR_LEAK_OLD_BYTES = 'heapray.leak.old_bytes';
export const EVENT_LEAK_SUSPECT = 'heapray.leak_suspect';
