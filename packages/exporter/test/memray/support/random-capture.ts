import { cleanName } from '../../../src/memray/format/clean-text.js';
import {
  type AllocatorName,
  type MemrayFormat,
  MemrayWriter,
  type StackHandle,
} from '../../../src/memray/index.js';
import type { HeapEvent, Location, Stack } from './heap-model.js';
import { Random } from './random.js';

export interface RandomCapture {
  readonly bytes: Uint8Array;
  /** The events in the file, including the harmless free at its end. */
  readonly events: readonly HeapEvent[];
  /** [milliseconds since the Unix epoch, resident bytes] */
  readonly memoryRecords: readonly (readonly [number, number])[];
  readonly threadNames: ReadonlyMap<number, string>;
}

export interface RandomCaptureOptions {
  readonly seed: number;
  readonly events: number;
  readonly format: MemrayFormat;
  /** Minimum number of pages of a mapping; default 0. */
  readonly minPages?: number;
  /** True if allocations may replace others at their address without a free. Default true. */
  readonly isReplacing?: boolean;
}

export const START = 1_700_000_000_000;

const THREADS = [1, 2, 3, 77, 2 ** 40 + 5];
const SIMPLE: readonly AllocatorName[] = [
  'MALLOC',
  'MALLOC',
  'MALLOC',
  'CALLOC',
  'REALLOC',
  'POSIX_MEMALIGN',
  'ALIGNED_ALLOC',
  'MEMALIGN',
  'VALLOC',
  'PVALLOC',
  'PYMALLOC_MALLOC',
  'PYMALLOC_CALLOC',
  'PYMALLOC_REALLOC',
];
/** Names that could crash a report, and plain ones. */
const NAMES = [
  'handleRequest',
  'render',
  '',
  '*[Symbol.iterator]',
  'get [foo]',
  '[/closing]',
  "['/a=b",
  '[eval]',
  'Größe 日本 😀',
  'nul\0inside',
  'lone\ud83dsurrogate',
  'back\\slash\\',
  '#private',
  'a.b.<anonymous>',
  'new [Foo]',
  'line\nbreak',
];
const FILES = ['/app/index.js', '/app/[slug]/page.js', 'node:internal/timers', '', 'C:\\app\\main.js'];
const PAGE = 4096;
const MAPPED = 0x7f00_0000_0000;

/** Returns a capture of random events, and the expected results of a reader. */
export function randomCapture(options: RandomCaptureOptions): RandomCapture {
  return new Generator(options).run();
}

class Generator {
  readonly #random: Random;
  readonly #count: number;
  readonly #minPages: number;
  readonly #isReplacing: boolean;
  readonly #writer: MemrayWriter;
  readonly #stacks: { handle: StackHandle | undefined; stack: Stack }[] = [{ handle: undefined, stack: [] }];
  readonly #events: HeapEvent[] = [];
  readonly #memoryRecords: [number, number][] = [];
  readonly #threadNames: Map<number, string> = new Map();
  readonly #addresses: number[] = [];
  #now = START;
  #thread = 1;

  constructor({ seed, events, format, minPages = 0, isReplacing = true }: RandomCaptureOptions) {
    this.#isReplacing = isReplacing;
    this.#minPages = minPages;
    this.#random = new Random(seed);
    this.#count = events;
    this.#writer = new MemrayWriter({
      format,
      commandLine: 'node app.js [--x]',
      pid: 4242,
      startTimeMillis: START,
      libdest: 'node:internal',
      sitePackages: ['/app/node_modules'],
      sysPath: ['/app'],
    });
  }

  run(): RandomCapture {
    this.#memoryRecord();
    for (let at = 0; at < this.#count; at += 1) this.#step();
    this.#finish();
    const bytes = this.#writer.take();
    for (const { offset, bytes: patch } of this.#writer.headerPatches(this.#now)) bytes.set(patch, offset);
    return {
      bytes,
      events: this.#events,
      memoryRecords: this.#memoryRecords,
      threadNames: this.#threadNames,
    };
  }

  #step(): void {
    const random = this.#random;
    const dice = random.next();
    if (dice < 0.02) this.#memoryRecord();
    else if (dice < 0.03) this.#nameThread();
    else if (dice < 0.1) this.#map();
    else if (dice < 0.15) this.#unmap();
    else if (dice < 0.5 && this.#addresses.length > 0) this.#free();
    else this.#allocate();
  }

  #memoryRecord(): void {
    this.#now += this.#random.below(50);
    const resident = 50_000_000 + this.#random.below(2 ** 31);
    this.#memoryRecords.push([this.#now, resident]);
    this.#writer.memoryRecord(resident, this.#now);
  }

  #nameThread(): void {
    const name = this.#random.pick(NAMES);
    if (name === '') return;
    const tid = this.#someThread();
    this.#writer.threadName(tid, name);
    this.#threadNames.set(tid, cleanName(name));
  }

  #allocate(): void {
    const random = this.#random;
    const size = random.chance(0.05) ? random.below(2 ** 33) : random.below(10_000);
    const address = this.#someAddress();
    this.#addresses.push(address);
    this.#record(address, size, random.pick(SIMPLE));
  }

  #free(): void {
    const random = this.#random;
    const address = random.chance(0.05)
      ? 16 * random.below(1000)
      : this.#addresses.splice(random.below(this.#addresses.length), 1)[0]!;
    const tid = this.#someThread();
    if (random.chance(0.1)) {
      this.#writer.allocation(tid, address, 0, undefined, 'PYMALLOC_FREE');
      this.#events.push({ tid, address, size: 0, allocator: 'PYMALLOC_FREE', stack: [] });
      return;
    }
    this.#writer.free(tid, address);
    this.#events.push({ tid, address, size: 0, allocator: 'FREE', stack: [] });
  }

  #map(): void {
    const pages = this.#minPages + this.#random.below(16);
    this.#record(MAPPED + PAGE * this.#random.below(64), PAGE * pages, 'MMAP');
  }

  #unmap(): void {
    this.#record(MAPPED + PAGE * this.#random.below(64), PAGE * this.#random.below(8), 'MUNMAP');
  }

  #record(address: number, size: number, allocator: AllocatorName): void {
    const tid = this.#someThread();
    const { handle, stack } = this.#someStack();
    this.#writer.allocation(tid, address, size, handle, allocator);
    this.#events.push({ tid, address, size, allocator, stack: allocator === 'MUNMAP' ? [] : stack });
  }

  /** Returns an address: usually a new one near others, sometimes one in use, sometimes one at the limits. */
  #someAddress(): number {
    const random = this.#random;
    if (!this.#isReplacing) return 0x5000_0000_0000 + 16 * this.#events.length;
    if (random.chance(0.05) && this.#addresses.length > 0) return random.pick(this.#addresses);
    if (random.chance(0.05)) return random.pick([2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53 - 8, 2 ** 53 - 16, 8]);
    return 0x6000_0000_0000 + 16 * random.below(5000);
  }

  #someStack(): { handle: StackHandle | undefined; stack: Stack } {
    const random = this.#random;
    const known = random.pick(this.#stacks);
    if (random.chance(0.6) || known.stack.length > 60) return known;
    const [name, file, line] = [
      random.pick(NAMES),
      random.pick(FILES),
      random.below(20) * random.below(2 ** 20),
    ];
    const handle = this.#writer.stack(known.handle, this.#writer.frame(name, file, line));
    const location: Location = [cleanName(name), cleanName(file), line];
    const made = { handle, stack: [location, ...known.stack] };
    this.#stacks.push(made);
    return made;
  }

  #finish(): void {
    this.#now += 10;
    this.#memoryRecords.push([this.#now, 60_000_000]);
    this.#writer.finish(60_000_000, this.#now);
    // The harmless free is on the current thread.
    this.#events.push({ tid: this.#thread, address: 8, size: 0, allocator: 'FREE', stack: [] });
  }

  #someThread(): number {
    this.#thread = this.#random.pick(THREADS);
    return this.#thread;
  }
}
