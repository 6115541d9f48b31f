// The parts of d3-flame-graph 5 and d3-selection 3 that the page uses. Neither package has types of its own.

declare module 'd3-selection' {
  export interface Selection {
    datum(data: unknown): Selection;
    call(run: (selection: Selection) => unknown): Selection;
  }
  export function select(element: Element): Selection;
  export const selection: { readonly prototype: object };
}

declare module 'd3-flame-graph' {
  import type { Selection } from 'd3-selection';

  export interface Frame<T> {
    readonly data: T;
  }

  export interface Tooltip<T> {
    (svg: Selection): void;
    show(event: MouseEvent, frame: Frame<T>): void;
    hide(): void;
    destroy(): void;
  }

  export interface FlameGraph<T> {
    (selection: Selection): void;
    width(pixels: number): this;
    cellHeight(pixels: number): this;
    minFrameSize(pixels: number): this;
    transitionDuration(millis: number): this;
    inverted(isRootOnTop: boolean): this;
    resetHeightOnZoom(isReset: boolean): this;
    tooltip(tooltip: Tooltip<T>): this;
    getName(name: (frame: Frame<T>) => string): this;
    getValue(value: (data: T) => number): this;
    getChildren(children: (data: T) => readonly T[]): this;
    setColorMapper(color: (frame: Frame<T>) => string): this;
    onClick(clicked: (frame: Frame<T>) => void): this;
    update(data?: T): this;
    destroy(): void;
  }

  export default function flamegraph<T>(): FlameGraph<T>;
}
