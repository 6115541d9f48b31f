import { button, copy, element } from '../basics/dom.ts';
import { functionText } from '../basics/text.ts';
import type { FunctionInfo } from '../model/model.ts';
import { pathTo, type TreeNode } from '../model/tree.ts';

/** Options and callbacks of {@link Details}. */
export interface DetailsOptions {
  readonly functions: readonly FunctionInfo[];
  /** True if the root of the tree stands for the functions that allocate. */
  readonly isInnermostFirst: boolean;
  readonly describe: (node: TreeNode) => readonly string[];
  /** Called to show callers and callees of a function. */
  readonly open: (fn: number) => void;
}

/** The line about the chosen frame, with what can be done with it. */
export class Details {
  readonly element: HTMLElement;
  readonly #options: DetailsOptions;
  readonly #text: HTMLElement = element('span', {
    text: 'Choose a frame for its details.',
    attributes: { 'aria-live': 'polite', class: 'chosen' },
  });

  constructor(options: DetailsOptions) {
    this.#options = options;
    this.element = element('div', { attributes: { class: 'details' } }, [this.#text]);
  }

  show(node: TreeNode): void {
    const { describe, open } = this.#options;
    this.#text.textContent = describe(node).join(' · ');
    const copied = button('Copy stack', () => void this.#copyStack(node, copied), { class: 'copy' });
    const more = button('Callers and callees', () => open(node.fn));
    this.element.replaceChildren(this.#text, ...(node.fn < 0 ? [] : [copied, more]));
  }

  async #copyStack(node: TreeNode, pressed: HTMLElement): Promise<void> {
    const { functions, isInnermostFirst } = this.#options;
    const frames = pathTo(node).filter(({ fn }) => fn >= 0);
    const ordered = isInnermostFirst ? frames : frames.reverse();
    const lines = ordered.map(({ fn }) => functionText(functions[fn]!));
    pressed.textContent = (await copy(lines.join('\n'))) ? 'Copied' : 'Not allowed by the browser';
  }
}
