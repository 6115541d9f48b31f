import { element } from '../basics/dom.ts';

/** How a bar is drawn. */
interface ShareBarOptions {
  /** True for red growth and blue shrinkage. */
  readonly isChange?: boolean;
  readonly isUncertain?: boolean;
}

/** Returns a bar that shows a value as a part of the largest one. */
export function shareBar(
  value: number,
  largest: number,
  { isChange = false, isUncertain = false }: ShareBarOptions = {},
): HTMLElement {
  const made = element('span', { attributes: { class: 'bar', 'aria-hidden': 'true' } });
  made.style.width = `${largest === 0 ? 0 : (100 * Math.abs(value)) / largest}%`;
  if (isChange) made.classList.add(value > 0 ? 'grew' : 'shrank');
  if (isUncertain) made.classList.add('uncertain');
  return made;
}
