import { element } from '../basics/dom.ts';

type Entry = readonly [className: string, text: string];

const CHANGE: readonly Entry[] = [
  ['grew', 'grew'],
  ['shrank', 'shrank'],
  ['same', 'unchanged'],
];
const KINDS: readonly Entry[] = [
  ['own', 'program'],
  ['package', 'packages'],
  ['runtime', 'runtime'],
];
const UNCERTAIN: Entry = ['uncertain', 'uncertain: standard error over 30%'];

/** Returns the list of colours of a flame graph. */
export function legend({
  showsChange,
  hasErrors,
}: {
  readonly showsChange: boolean;
  readonly hasErrors: boolean;
}): HTMLElement {
  const entries = [...(showsChange ? CHANGE : KINDS), ...(hasErrors ? [UNCERTAIN] : [])];
  const items = entries.map(([name, text]) => {
    const swatch = element('span', { attributes: { class: `swatch ${name}`, 'aria-hidden': 'true' } });
    return element('li', {}, [swatch, element('span', { text })]);
  });
  return element('ul', { attributes: { class: 'legend', 'aria-label': 'Colours' } }, items);
}
