import {
  CUT_OFF,
  type Frame,
  isRuntimeFrame,
  type Ledger,
  type NodeIndex,
  ROOT,
} from '../../ledger/index.js';

/** Facts about a stack, by which its components are found. */
export interface StackOwners {
  /** Components whose wrapped functions are on the stack. */
  readonly below: readonly string[];
  /** Outermost function that has a file and is not Node's; undefined if there is none, or if it was cut off. */
  readonly outermost: Frame | undefined;
  readonly isCut: boolean;
}

const NONE: StackOwners = { below: [], outermost: undefined, isCut: false };

/** Finds wrapped functions and the outermost function on stacks of a ledger; remembers them by stack. */
export class StackOwnersOf {
  readonly #ledger: Ledger;
  readonly #byNode: StackOwners[] = [NONE];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  of(node: NodeIndex): StackOwners {
    const path: NodeIndex[] = [];
    let at = node;
    for (; this.#byNode[at] === undefined && at !== ROOT; at = this.#ledger.tree.parent(at)) path.push(at);
    let owners = this.#byNode[at] ?? NONE;
    for (let next = path.pop(); next !== undefined; next = path.pop()) {
      const frame = this.#ledger.tree.frame(next);
      if (frame) owners = this.#within(owners, frame);
      this.#byNode[next] = owners;
    }
    return owners;
  }

  #within(owners: StackOwners, frame: Frame): StackOwners {
    const { components } = this.#ledger.sites;
    const { functionName, file } = frame;
    const key = components.ofFunction(frame);
    const name = key === undefined ? undefined : components.nameOf(key);
    const isNew = name !== undefined && !owners.below.includes(name);
    const isCut = owners.isCut || (functionName === CUT_OFF.functionName && file === '');
    const isFirst =
      !isCut && owners.outermost === undefined && file !== '' && !isRuntimeFrame(functionName, file);
    if (!isNew && !isFirst && isCut === owners.isCut) return owners;
    return {
      below: isNew ? [...owners.below, name] : owners.below,
      outermost: isFirst ? frame : owners.outermost,
      isCut,
    };
  }
}
