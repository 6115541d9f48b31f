import type { FunctionKind } from '../../src/page/page-data.ts';
import { changeColor, kindColor, MATCH_COLOR } from '../basics/colors.ts';
import type { TreeNode } from '../model/tree.ts';
import type { Uncertainty } from '../model/uncertainty.ts';
import { Hatching } from './hatching.ts';

/** Smaller changes, relative to what a frame has, have almost the colour of no change: they need no stripes. */
const LEAST_CHANGE = 0.02;

/** Inputs of the colours of frames. */
export interface FrameColorsOptions {
  readonly kindOf: (fn: number) => FunctionKind | undefined;
  readonly isMatch: (fn: number) => boolean;
  readonly showsChange: boolean;
  readonly uncertainty: Uncertainty | undefined;
}

/** Colours of frames: what the search finds, growth and shrinkage or who wrote the code, and stripes for what is uncertain. */
export class FrameColors {
  readonly #options: FrameColorsOptions;
  readonly #hatching = new Hatching();

  constructor(options: FrameColorsOptions) {
    this.#options = options;
  }

  /** The stripes; must be in the document. */
  get element(): SVGElement {
    return this.#hatching.element;
  }

  colorOf(node: TreeNode): string {
    const { isMatch, showsChange, kindOf, uncertainty } = this.#options;
    if (isMatch(node.fn)) return MATCH_COLOR;
    const color = showsChange ? changeColor(node) : kindColor(node, kindOf(node.fn));
    const isSeen = !showsChange || Math.abs(node.after - node.before) >= LEAST_CHANGE * node.weight;
    return isSeen && uncertainty?.isUncertain(node) ? this.#hatching.fill(color) : color;
  }
}
