// Names of attributes and of metrics from the semantic conventions, copied here because parts of the
// conventions are still in development.

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
export const ATTR_PACKAGE = 'heapray.package';
export const ATTR_PACKAGE_VERSION = 'heapray.package.version';
export const ATTR_COMPONENT = 'heapray.component';
export const ATTR_MEMORY_KIND = 'heapray.memory.kind';
export const ATTR_LIMIT_KIND = 'heapray.limit.kind';
export const ATTR_MODE = 'heapray.profiler.mode';
export const ATTR_REASON = 'heapray.reason';
export const ATTR_PAIR = 'heapray.pair';
export const ATTR_AGE = 'heapray.age';
