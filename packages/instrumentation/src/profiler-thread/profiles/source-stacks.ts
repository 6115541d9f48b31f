import {
  type Labels,
  type LabelsHandle,
  meaningOfPseudoFrame,
  type ProfileBuilder,
  type StackHandle,
} from '@heapray/exporter/profile';
import { type AgeBucket, type LedgerSource, type NodeIndex, ROOT } from '../ledger/index.js';

/** Label `thread` of the main thread. */
export const MAIN_THREAD = 'main';

/** Stacks and labels of one memory source in a profile. */
export class SourceStacks {
  readonly #source: LedgerSource;
  readonly #builder: ProfileBuilder;
  readonly #known = new Map<NodeIndex, StackHandle>();

  constructor(source: LedgerSource, builder: ProfileBuilder) {
    this.#source = source;
    this.#builder = builder;
  }

  /** Returns a stack of the source's tree; undefined for the empty one. Interns each once. */
  stack(node: NodeIndex): StackHandle | undefined {
    const { ledger } = this.#source;
    const frame = node === ROOT ? undefined : ledger.sites.frame(node);
    if (!frame) return undefined;
    const found = this.#known.get(node);
    if (found !== undefined) return found;
    const builder = this.#builder;
    const { functionName, file, line, column } = frame;
    const meaning = file === '' ? meaningOfPseudoFrame(functionName) : undefined;
    if (meaning !== undefined) builder.comment(`${functionName}: ${meaning}`);
    const parent = this.stack(ledger.tree.parent(node));
    const stack = builder.stack(parent, builder.frame(functionName, file, line, column));
    this.#known.set(node, stack);
    return stack;
  }

  /**
   * Returns the labels of a stack's samples. Other parts of a profile have labels of their own: native memory, the resident
   * remainder, Buffers that no hook saw, and `process`, which the group adds.
   *
   * @param more labels besides those of the source and the call site
   */
  labels(node: NodeIndex, age?: AgeBucket, more: Labels = {}): LabelsHandle {
    const { ledger, kind, thread } = this.#source;
    const { packageName, packageVersion, component } = ledger.sites.site(ledger.sites.siteOf(node));
    return this.#builder.labels({
      package: packageName,
      ...(packageVersion !== undefined && { package_version: packageVersion }),
      component,
      kind,
      thread: thread?.name ?? MAIN_THREAD,
      ...(thread && { thread_id: thread.id }),
      ...(age && { age }),
      ...more,
    });
  }
}
