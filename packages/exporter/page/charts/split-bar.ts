import { element } from '../basics/dom.ts';
import { share } from '../basics/text.ts';

/** A part of a {@link splitBar}. */
export interface SplitPart {
  readonly name: string;
  readonly value: number;
  readonly color: string;
}

/** Returns a bar of full width that is split among its parts. Texts beside it must say the same. */
export function splitBar(parts: readonly SplitPart[]): HTMLElement {
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  const made = element('span', { attributes: { class: 'split-bar', 'aria-hidden': 'true' } });
  for (const { name, value, color } of parts) {
    if (value <= 0) continue;
    const piece = element('span', { attributes: { title: `${name}: ${share(value, whole)}` } });
    piece.style.flexGrow = `${value / whole}`;
    piece.style.background = color;
    made.append(piece);
  }
  return made;
}
