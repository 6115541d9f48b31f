import {
  type FrameRef,
  functionPlace,
  type Profile,
  type StackRef,
  stacksInCallOrder,
} from '@heapray/exporter/profile';

/** ID of the root. The nodes of stacks have the following IDs. */
const ROOT_ID = 1;
const idOf = (stack: number): number => stack + ROOT_ID + 1;

/**
 * Encodes the profile as a V8 `.heapprofile`, for Chrome DevTools and editors. It has one value per stack: labels are
 * summed, and a negative sum becomes 0. V8's individual samples are unknown, so each stack gets one.
 */
export function* encodeHeapProfile(profile: Profile, column: number): Generator<string> {
  const sizes = sizesByStack(profile, column);
  yield `{"head":${open(ROOT, sizes.at(-1)!, ROOT_ID)}`;
  yield* children(profile, sizes);
  yield ']},\n"samples":[';
  yield* samples(sizes);
  yield ']}\n';
}

const ROOT = { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };

/** Returns the sums by stack. The last entry is for samples without a stack. */
function sizesByStack(profile: Profile, column: number): Float64Array {
  const sizes = new Float64Array(profile.stackCount + 1);
  for (let sample = 0; sample < profile.sampleCount; sample++) {
    sizes[profile.stackOf(sample) ?? profile.stackCount]! += profile.value(sample, column);
  }
  return sizes.map((size) => Math.max(0, size));
}

/** Yields all nodes below the root, each inside its caller's. Not recursive, because stacks may be deep. */
function* children(profile: Profile, sizes: Float64Array): Generator<string> {
  const frames = callFrames(profile);
  const path: StackRef[] = [];
  let separator = '\n';
  for (const at of stacksInCallOrder(profile) as Iterable<StackRef>) {
    const parent = profile.stackParent(at);
    for (; path.at(-1) !== parent; path.pop()) {
      yield ']}';
      separator = ',\n';
    }
    yield separator + open(frames[profile.stackFrame(at)], sizes[at]!, idOf(at));
    path.push(at);
    separator = '';
  }
  for (; path.length > 0; path.pop()) yield ']}';
}

/** Returns the start of a node, up to its children. */
function open(callFrame: unknown, selfSize: number, id: number): string {
  return `${JSON.stringify({ callFrame, selfSize, id }).slice(0, -1)},"children":[`;
}

/** Returns the call frames. V8 counts lines and columns from 0, and viewers identify scripts by their IDs. */
function callFrames(profile: Profile): unknown[] {
  const scripts = new Map<string, string>([['', '0']]);
  return Array.from({ length: profile.frameCount }, (_, ref) => {
    const frame = profile.frame(ref as FrameRef);
    const { functionName, file: url } = frame;
    const start = functionPlace(frame);
    // If the start of a function is unknown, use the line of the frame.
    const { line, column } = start.line > 0 ? start : frame;
    const scriptId = scripts.get(url) ?? `${scripts.size}`;
    scripts.set(url, scriptId);
    return { functionName, scriptId, url, lineNumber: line - 1, columnNumber: column - 1 };
  });
}

function* samples(sizes: Float64Array): Generator<string> {
  let ordinal = 0;
  for (let stack = 0; stack < sizes.length; stack++) {
    const size = sizes[stack]!;
    if (size === 0) continue;
    const nodeId = stack === sizes.length - 1 ? ROOT_ID : idOf(stack);
    ordinal++;
    yield `${ordinal === 1 ? '' : ',\n'}${JSON.stringify({ size, nodeId, ordinal })}`;
  }
}
