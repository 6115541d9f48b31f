import type {
  FrameHandle,
  NativeMapping,
  NativePlace,
  ProfileBuilder,
  StackHandle,
} from '../../profile/index.js';
import { RowTable } from '../../tables/row-table.js';
import { plainName } from '../format/clean-text.js';
import type { CaptureModel } from '../model/capture-model.js';
import { plainPlace } from '../model/captured-program.js';
import type { NativeFrame } from '../model/native-table.js';

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
/** Size of the smallest page of any system. Mappings start and end at pages. */
const PAGE = 0x1000n;
/** Represents "no stack". */
const NONE = -1;

/**
 * Converts the stacks of a capture to those of a profile. Each is made once, from that of its caller, so that even very
 * deep stacks take linear time.
 */
export class ProfileStacks {
  readonly #builder: ProfileBuilder;
  readonly #model: CaptureModel;
  readonly #skippedFrames: number;
  /** Number of frames of each stack. */
  readonly #depths: Int32Array;
  /** Converted stacks of the main thread and of all others: reports hide the outermost frames of the main thread. */
  readonly #main: Map<number, StackHandle> = new Map();
  readonly #others: Map<number, StackHandle> = new Map();
  /** Rows: stack of the callers or {@link NONE}, native stack, generation. `#nativeStacks` has the converted stack. */
  readonly #natives: RowTable = new RowTable(3);
  readonly #nativeStacks: StackHandle[] = [];
  /** Rows: native stack, generation. `#frames` has the innermost frame. */
  readonly #nativeFrames: RowTable = new RowTable(2);
  readonly #frames: FrameHandle[] = [];

  constructor(builder: ProfileBuilder, model: CaptureModel, skippedFrames: number) {
    this.#builder = builder;
    this.#model = model;
    this.#skippedFrames = skippedFrames;
    this.#depths = new Int32Array(model.stackCount + 1);
    // A caller has a smaller number.
    for (let stack = 1; stack <= model.stackCount; stack += 1)
      this.#depths[stack] = this.#depths[model.caller(stack)]! + 1;
  }

  /**
   * Returns the stack of frames in the program's language, without those that reports hide. Undefined when there is
   * none.
   */
  ofCode(stack: number, isMainThread: boolean): StackHandle | undefined {
    const known = isMainThread ? this.#main : this.#others;
    const hidden = isMainThread ? this.#skippedFrames : 0;
    const missing: number[] = [];
    let at = stack;
    for (; this.#depths[at]! > hidden && !known.has(at); at = this.#model.caller(at)) missing.push(at);
    let handle = known.get(at);
    for (const each of missing.reverse()) {
      const { functionName, file, line, firstLine } = plainPlace(
        this.#model.location(this.#model.innermostFrame(each)),
      );
      const frame = this.#builder.frame(functionName, file, Math.max(line, 0), 0, Math.max(firstLine, 0));
      handle = this.#builder.stack(handle, frame);
      known.set(each, handle);
    }
    return handle;
  }

  /** Returns the stack with the native frames added below those of the language. */
  withNative(callers: StackHandle | undefined, native: number, generation: number): StackHandle | undefined {
    const { natives } = this.#model;
    const missing: number[] = [];
    let handle = callers;
    for (let at = natives.known(native); at !== 0; at = natives.caller(at)) {
      const row = this.#natives.find(callers ?? NONE, at, generation);
      if (row >= 0) {
        handle = this.#nativeStacks[row]!;
        break;
      }
      missing.push(at);
    }
    for (const each of missing.reverse()) {
      handle = this.#builder.stack(handle, this.#nativeFrame(each, generation));
      this.#natives.handleFor(callers ?? NONE, each, generation);
      this.#nativeStacks.push(handle);
    }
    return handle;
  }

  #nativeFrame(native: number, generation: number): FrameHandle {
    const row = this.#nativeFrames.find(native, generation);
    if (row >= 0) return this.#frames[row]!;
    const frame = this.#model.natives.frame(native, generation);
    const name = nativeName(frame);
    const place = nativePlace(frame);
    const handle =
      place === undefined ? this.#builder.frame(name, '', 0) : this.#builder.nativeFrame(name, place);
    this.#nativeFrames.handleFor(native, generation);
    this.#frames.push(handle);
    return handle;
  }
}

/**
 * Returns a name such as `0x9a1b2 libc.so.6`: the address in the file, as symbolizers expect it. Without a known file,
 * it is the address in memory.
 */
function nativeName({ address, path, fileAddress }: NativeFrame): string {
  if (path === undefined || fileAddress === undefined) return `0x${address.toString(16)}`;
  return `0x${fileAddress.toString(16)} ${path.slice(path.lastIndexOf('/') + 1)}`;
}

/**
 * Returns the place of a frame. Undefined for an address outside a program, such as the kernel's page of system calls.
 */
function nativePlace(frame: NativeFrame): NativePlace | undefined {
  const { address, path, fileAddress } = frame;
  // The frame has the return address; symbolizers need an address inside the call.
  const called = address - 1n;
  if (called < 0n || called > MAX_SAFE) return undefined;
  if (path === undefined) return { address: Number(called), mapping: undefined };
  const mapping = segmentMapping(path, frame);
  if (mapping !== undefined) return { address: Number(called), mapping };
  // Without the segment's offset, use the address in the file, which is known.
  const inFile = fileAddress === undefined ? -1n : fileAddress - 1n;
  if (inFile < 0n || inFile > MAX_SAFE) return { address: Number(called), mapping: undefined };
  return { address: Number(inFile), mapping: { path: plainName(path), start: 0, limit: Infinity } };
}

/** Returns the mapping of the pages that contain the frame's segment, as the system has mapped them. */
function segmentMapping(path: string, { start, limit, fileOffset }: NativeFrame): NativeMapping | undefined {
  if (start === undefined || limit === undefined || fileOffset === undefined) return undefined;
  if (limit > MAX_SAFE - PAGE || fileOffset > MAX_SAFE) return undefined;
  const inPage = start % PAGE;
  if (inPage !== fileOffset % PAGE) return undefined;
  const offset = Number(fileOffset - inPage);
  return {
    path: plainName(path),
    start: Number(start - inPage),
    limit: Number(limit + ((PAGE - (limit % PAGE)) % PAGE)),
    ...(offset !== 0 && { fileOffset: offset }),
  };
}
