import flamegraph, { type FlameGraph, type Frame, type Tooltip } from 'd3-flame-graph';
import { select } from 'd3-selection';
import { element } from '../basics/dom.ts';
import { pathTo, type TreeNode } from '../model/tree.ts';

/** Options and callbacks of a flame graph. */
export interface FlameOptions {
  readonly label: string;
  readonly colorOf: (node: TreeNode) => string;
  /** Lines of the tooltip. */
  readonly describe: (node: TreeNode) => readonly string[];
  readonly selected: (node: TreeNode) => void;
  /** Frame to zoom to at first. Default: the root. */
  readonly zoom?: TreeNode | undefined;
  /** Called when the user has zoomed to another frame. */
  readonly zoomed?: ((node: TreeNode) => void) | undefined;
}

const ROW_PIXELS = 20;
/** Narrower frames are not drawn: their outline would hide them, and a profile has tens of thousands. */
const MIN_PIXELS = 3;
const MIN_WIDTH = 240;
/** d3-flame-graph hides the labels of narrower frames. */
const LABEL_PIXELS = 35;

/** A flame graph with its root on top. The arrow keys move through it, Enter zooms in, Escape zooms out. */
export class FlameView {
  readonly element: HTMLElement;
  readonly #options: FlameOptions;
  readonly #root: TreeNode;
  readonly #resize: ResizeObserver;
  readonly #tip: HTMLElement = element('div', { attributes: { class: 'tip', role: 'tooltip' } });
  #chart: FlameGraph<TreeNode> | undefined;
  #width = 0;
  #selected: TreeNode | undefined;
  /** The frame that is zoomed to, and the callers that lead to it; each draws only the next. */
  #focus: readonly TreeNode[];

  constructor(root: TreeNode, options: FlameOptions) {
    this.#root = root;
    this.#focus = pathTo(options.zoom ?? root);
    this.#options = options;
    this.element = element('div', {
      attributes: { class: 'flame', tabindex: '0', role: 'group', 'aria-label': options.label },
      on: { keydown: (event) => this.#keyPressed(event as KeyboardEvent) },
    });
    this.#resize = new ResizeObserver(() => this.#fit());
  }

  /** Draws the graph; its element must be in the document. */
  draw(): void {
    this.#width = Math.max(MIN_WIDTH, this.element.clientWidth);
    this.#chart = flamegraph<TreeNode>()
      .width(this.#width)
      .cellHeight(ROW_PIXELS)
      .minFrameSize(MIN_PIXELS)
      .transitionDuration(0)
      .inverted(true)
      .resetHeightOnZoom(true)
      .tooltip(this.#tooltip())
      .getName(({ data }) => data.name)
      .getValue(({ weight }) => weight)
      .getChildren((node) => this.#drawnChildren(node))
      .setColorMapper(({ data }) => this.#options.colorOf(data))
      .onClick(({ data }) => {
        this.#choose(data);
        this.#zoomByUser(data);
      });
    this.#fadeCallers();
    select(this.element).datum(this.#root).call(this.#chart);
    this.#finishDrawing();
    this.element.append(this.#tip);
    this.#resize.observe(this.element);
  }

  /** Gives frames their colours again. Drawing all again would take several times as long. */
  recolor(): void {
    for (const { group, node } of this.#drawnFrames()) {
      group.querySelector('rect')?.setAttribute('fill', this.#options.colorOf(node));
    }
  }

  resetZoom(): void {
    this.#zoomByUser(this.#root);
  }

  destroy(): void {
    this.#resize.disconnect();
    this.#chart?.destroy();
  }

  #fit(): void {
    const width = Math.max(MIN_WIDTH, this.element.clientWidth);
    if (width === this.#width) return;
    this.#width = width;
    this.#chart?.width(width).update(this.#root);
    this.#finishDrawing();
  }

  #choose(node: TreeNode): void {
    for (const group of this.element.querySelectorAll('.selected')) group.classList.remove('selected');
    this.#selected = node;
    this.#finishDrawing();
    this.#options.selected(node);
  }

  /**
   * Outlines the chosen frame, because d3-flame-graph sets all classes of a frame when it draws. Leaves labels out of the layout
   * that it hides: each would take as long as ten frames.
   */
  #finishDrawing(): void {
    for (const { group, node } of this.#drawnFrames()) {
      if (node === this.#selected) group.classList.add('selected');
      if (Number(group.getAttribute('width')) < LABEL_PIXELS) group.classList.add('narrow');
    }
  }

  *#drawnFrames(): Generator<{ readonly group: SVGGElement; readonly node: TreeNode }> {
    type Group = SVGGElement & { __data__?: Frame<TreeNode> };
    for (const group of this.element.querySelectorAll<Group>('svg g')) {
      const node = group.__data__?.data;
      if (node !== undefined) yield { group, node };
    }
  }

  #tooltip(): Tooltip<TreeNode> {
    const tip = this.#tip;
    const show = (event: MouseEvent, { data }: Frame<TreeNode>): void => {
      tip.replaceChildren(...this.#options.describe(data).map((text) => element('div', { text })));
      tip.classList.add('shown');
      const { clientWidth: width, clientHeight: height } = document.documentElement;
      const left = Math.min(event.clientX + 12, width - tip.offsetWidth - 8);
      const isBelow = event.clientY + 16 + tip.offsetHeight < height;
      tip.style.left = `${Math.max(4, left)}px`;
      tip.style.top = `${isBelow ? event.clientY + 16 : Math.max(4, event.clientY - tip.offsetHeight - 8)}px`;
    };
    const hide = (): void => tip.classList.remove('shown');
    return Object.assign((): void => {}, { show, hide, destroy: hide });
  }

  #keyPressed(event: KeyboardEvent): void {
    const from = this.#selected ?? this.#root;
    const siblings = from.parent?.children ?? [from];
    const at = siblings.indexOf(from);
    const targets: Readonly<Record<string, TreeNode | undefined>> = {
      ArrowUp: from.parent,
      ArrowDown: this.#selected === undefined ? from : from.children[0],
      ArrowLeft: siblings[at - 1],
      ArrowRight: siblings[at + 1],
    };
    if (event.key === 'Enter') this.#zoomByUser(from);
    else if (!Object.hasOwn(targets, event.key)) return;
    else if (targets[event.key] !== undefined) this.#choose(targets[event.key]!);
    event.preventDefault();
  }

  #zoomByUser(node: TreeNode): void {
    const isOther = node !== this.#focus.at(-1);
    this.#zoomTo(node);
    if (isOther) this.#options.zoomed?.(node);
  }

  /**
   * Draws a frame at full width. d3-flame-graph's own zoom would need all frames in its tree; here it gets only those that
   * are wide enough to see.
   */
  #zoomTo(node: TreeNode): void {
    for (const caller of this.#focus) caller.fade = false;
    this.#focus = pathTo(node);
    for (const caller of this.#focus) {
      caller.hide = false;
      // Its own zoom, which a click starts, has hidden these.
      for (const sibling of caller.children) sibling.hide = false;
    }
    this.#fadeCallers();
    this.#tip.classList.remove('shown');
    this.#chart?.update(this.#root);
    this.#finishDrawing();
  }

  #fadeCallers(): void {
    for (const caller of this.#focus) caller.fade = caller !== this.#focus.at(-1);
  }

  #drawnChildren(node: TreeNode): readonly TreeNode[] {
    const at = this.#focus.indexOf(node);
    if (at >= 0 && at < this.#focus.length - 1) return [this.#focus[at + 1]!];
    const least = (this.#focus.at(-1)!.weight * MIN_PIXELS) / this.#width;
    return node.children.filter(({ weight }) => weight > least);
  }
}
