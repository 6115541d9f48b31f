import { element } from '../basics/dom.ts';

/** Attribute that names the element with the focus, so that it gets the focus again after a redraw. */
export const FOCUS_KEY = 'data-focus-key';

/** A part of the overview. It draws only what has changed, keeps the focus, and hides when it has nothing to show. */
export class Section<T> {
  readonly element: HTMLElement;
  readonly #content: HTMLElement = element('div');
  readonly #draw: (value: T) => readonly Node[];
  #shown = '';

  constructor(title: string, draw: (value: T) => readonly Node[], className = '') {
    this.#draw = draw;
    this.element = element('section', { attributes: { class: `section ${className}`.trim() } }, [
      ...(title === '' ? [] : [element('h2', { text: title })]),
      this.#content,
    ]);
    this.element.hidden = true;
  }

  /** Shows a value; undefined hides the part. */
  update(value: T | undefined): void {
    this.element.hidden = value === undefined;
    if (value === undefined) {
      this.#shown = '';
      this.#content.replaceChildren();
      return;
    }
    const json = JSON.stringify(value);
    if (json === this.#shown) return;
    this.#shown = json;
    const focused = document.activeElement;
    const key = this.#content.contains(focused) ? focused?.getAttribute(FOCUS_KEY) : undefined;
    this.#content.replaceChildren(...this.#draw(value));
    if (key == null) return;
    const again = [...this.#content.querySelectorAll<HTMLElement>(`[${FOCUS_KEY}]`)];
    again.find((each) => each.getAttribute(FOCUS_KEY) === key)?.focus({ preventScroll: true });
  }
}

/** Returns a list, or undefined for an empty one. */
export function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
