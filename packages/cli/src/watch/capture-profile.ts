import type { GrowingCapture } from '@heapray/exporter/memray';
import { type LabelsHandle, type Profile, ProfileBuilder, type StackHandle } from '@heapray/exporter/profile';

/** The columns of a profile from a capture. */
const COLUMNS = [
  { type: 'alloc_objects', unit: 'count' },
  { type: 'alloc_space', unit: 'bytes' },
  { type: 'peak_objects', unit: 'count' },
  { type: 'peak_space', unit: 'bytes' },
  { type: 'inuse_objects', unit: 'count' },
  { type: 'inuse_space', unit: 'bytes' },
] as const;

export type DefaultColumn = 'alloc_space' | 'peak_space' | 'inuse_space';

/** What a capture says up to now, as a profile; it must have a header. */
export function captureProfile(
  capture: GrowingCapture,
  component: string,
  defaultColumn: DefaultColumn,
): Profile {
  const builder = new ProfileBuilder({
    columns: COLUMNS,
    defaultColumn,
    ...capture.times,
    comments: capture.knowsAllocated ? [] : ['an aggregated capture: what was allocated in all is not known'],
  });
  const stackOf = stackInterner(capture, builder);
  const labelsOf = labelInterner(capture, builder, component);
  for (let site = 1; site <= capture.siteCount; site += 1) {
    const allocated = capture.allocated(site);
    const peak = capture.atPeak(site);
    const live = capture.live(site);
    const values = [allocated.count, allocated.bytes, peak.count, peak.bytes, live.count, live.bytes];
    if (values.every((value) => value === 0)) continue;
    builder.add(stackOf(site), values, labelsOf(site));
  }
  return builder.build();
}

/** Interns the stacks of sites, each once, without the frames that the header says to hide. */
function stackInterner(
  capture: GrowingCapture,
  builder: ProfileBuilder,
): (site: number) => StackHandle | undefined {
  const byHidden = new Map<number, (StackHandle | undefined)[]>();
  const depths: number[] = [0];
  return (site) => {
    const { thread, stack } = capture.site(site);
    const hidden = capture.hiddenFrames(thread);
    let handles = byHidden.get(hidden);
    if (handles === undefined) {
      handles = [undefined];
      byHidden.set(hidden, handles);
    }
    // From the innermost frame to the first that is known, then back: stacks may be deeper than calls can nest.
    const missing: number[] = [];
    let at = stack;
    for (; at !== 0 && !(at in handles && at in depths); at = capture.caller(at)) missing.push(at);
    for (const next of missing.reverse()) {
      depths[next] = depths[at]! + 1;
      const { functionName, file, line, firstLine } = capture.innermost(next)!;
      handles[next] =
        depths[next] <= hidden
          ? undefined
          : builder.stack(
              handles[at],
              builder.frame(functionName, file, Math.max(0, line), 0, Math.max(0, firstLine)),
            );
      at = next;
    }
    return handles[stack];
  };
}

function labelInterner(
  capture: GrowingCapture,
  builder: ProfileBuilder,
  component: string,
): (site: number) => LabelsHandle {
  const packageOf = packageOfStack(capture);
  return (site) => {
    const { thread, allocator, stack } = capture.site(site);
    const tid = thread.id <= Number.MAX_SAFE_INTEGER ? Number(thread.id) : String(thread.id);
    return builder.labels({ component, package: packageOf(stack), allocator, tid, thread: thread.name });
  };
}

/** Returns the package of a stack, found out once for each. */
function packageOfStack(capture: GrowingCapture): (stack: number) => string {
  const known: string[] = [];
  return (stack) => {
    known[stack] ??= capture.packageOf(stack);
    return known[stack];
  };
}
