import type { OverviewFact, OverviewPart } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { levelSign } from './level.ts';

/** Returns facts as a list of names and texts. */
export function factList(facts: readonly OverviewFact[], className: string): HTMLElement {
  const items = facts.map(({ name, text, level = 'ok' }) => {
    const value = element('dd', {}, [
      ...(level === 'ok' ? [] : [levelSign(level)]),
      element('span', { text }),
    ]);
    return element('div', {}, [element('dt', { text: name }), value]);
  });
  return element('dl', { attributes: { class: `facts ${className}`.trim() } }, items);
}

/** Returns parts as a table: a row for each, a column for each fact. */
export function partTable(parts: readonly OverviewPart[]): HTMLElement {
  const names = [...new Set(parts.flatMap(({ facts }) => facts.map(({ name }) => name)))];
  const head = ['Name', ...names].map((text) => element('th', { text, attributes: { scope: 'col' } }));
  const rows = parts.map(({ name, facts }) => {
    const cells = names.map((each) => {
      const fact = facts.find((one) => one.name === each);
      const level = fact?.level ?? 'ok';
      return element('td', {}, [
        ...(level === 'ok' ? [] : [levelSign(level)]),
        element('span', { text: fact?.text ?? '' }),
      ]);
    });
    return element('tr', {}, [element('th', { text: name, attributes: { scope: 'row' } }), ...cells]);
  });
  return element(
    'div',
    { attributes: { class: 'table', tabindex: '0', role: 'group', 'aria-label': 'Parts' } },
    [element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)])],
  );
}
