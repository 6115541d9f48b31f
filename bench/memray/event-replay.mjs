// Holds the events of a capture in arrays, for MemrayWriter to write again.
import { ALLOCATORS, RecordStream } from '@heapray/exporter/memray';
import { lineAt } from '../../packages/exporter/dist/memray/model/line-table.js';

const TWO_32 = 2 ** 32;
const NAMES = ['', ...ALLOCATORS.map(({ name }) => name)];
const MEMORY_RECORD = 0;

/** Events of a capture of format 13 without native stacks. Frames become what a report shows: function, file and line. */
export class EventReplay {
  #stacks = [];
  #stackIds = new Map();
  #current = new Map();
  #thread = 0;
  #codes = new Map();
  /** Five numbers per event: thread, allocator (0: a memory record), address, size, stack. */
  #rows = [];
  #data;
  #pythonVersion = 0;
  events = 0;

  constructor(bytes) {
    const stream = new RecordStream(this);
    stream.push(bytes);
    stream.end();
    this.#data = Float64Array.from(this.#rows.flat());
    this.#rows = [];
  }

  /** Returns the writer's handles of the stacks, by our numbers. */
  stacksOf(writer) {
    const handles = [undefined];
    this.#stacks.forEach(({ parent, code, offset }, at) => {
      const { name, file, firstLine, table } = this.#codes.get(code);
      const line = lineAt(this.#pythonVersion, table, firstLine, offset);
      handles[at + 1] = writer.stack(handles[parent], writer.frame(name, file, line));
    });
    return handles;
  }

  write(writer, stacks) {
    const data = this.#data;
    for (let at = 0; at < data.length; at += 5) {
      const allocator = data[at + 1];
      if (allocator === MEMORY_RECORD) writer.memoryRecord(data[at + 3], data[at + 2]);
      else writer.allocation(data[at], data[at + 2], data[at + 3], stacks[data[at + 4]], NAMES[allocator]);
    }
  }

  contextSwitch(high, low) {
    this.#thread = high * TWO_32 + low;
  }

  codeObject(code, name, file, firstLine, table) {
    this.#codes.set(code, { name, file, firstLine, table });
  }

  push(code, offset) {
    const parent = this.#current.get(this.#thread) ?? 0;
    const key = `${parent},${code},${offset}`;
    if (!this.#stackIds.has(key)) this.#stackIds.set(key, this.#stacks.push({ parent, code, offset }));
    this.#current.set(this.#thread, this.#stackIds.get(key));
  }

  pop(count) {
    let stack = this.#current.get(this.#thread);
    for (let left = count; left > 0; left--) stack = this.#stacks[stack - 1].parent;
    this.#current.set(this.#thread, stack);
  }

  allocation(high, low, size, allocator) {
    this.events += 1;
    const stack = this.#current.get(this.#thread) ?? 0;
    this.#rows.push([this.#thread, allocator, high * TWO_32 + low, size, stack]);
  }

  memoryRecord(resident, millis) {
    this.#rows.push([0, MEMORY_RECORD, millis, resident, 0]);
  }

  header({ pythonVersion }) {
    this.#pythonVersion = pythonVersion;
  }

  threadName() {}
  object() {}
  trailer() {}
}
