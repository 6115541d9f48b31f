import type { OverviewSubject } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { byteText, durationText } from '../basics/text.ts';
import { isLine, latest, stacked } from '../charts/chart-data.ts';
import { sparkline } from '../charts/sparkline.ts';
import { headlineOf } from './headline.ts';
import { levelSign } from './level.ts';
import { FOCUS_KEY } from './section.ts';

/** Returns the table of all components, with a link to each. */
export function componentTable(
  subjects: readonly OverviewSubject[],
  shown: OverviewSubject,
  hrefOf: (subject: OverviewSubject) => string,
): HTMLElement {
  const heading = (text: string, className = ''): HTMLElement =>
    element('th', { text, attributes: { scope: 'col', class: className } });
  const findsLeaks = subjects.some((each) => each.leakProgress !== undefined || each.suspects.length > 0);
  const head = [
    heading('Component'),
    heading('State'),
    heading('Resident'),
    ...(findsLeaks ? [heading('Leak suspects', 'extra')] : []),
  ];
  const rows = subjects.map((subject) => {
    const { name, component, resident, suspects, secondsToLimit, state, leakProgress, leakState } = subject;
    const isShown = component === shown.component;
    const all = stacked(resident).at(-1) ?? [];
    const now = latest(all)?.value;
    const leak =
      suspects.length === 0
        ? leakProgress !== undefined && leakState !== 'none'
          ? 'too early to tell'
          : 'none'
        : `${suspects.length}${secondsToLimit == null ? '' : `, heap limit in ${durationText(secondsToLimit)}`}`;
    const link = element('a', {
      text: name,
      attributes: {
        href: hrefOf(subject),
        [FOCUS_KEY]: `component ${component ?? name}`,
        ...(isShown ? { 'aria-current': 'true' } : {}),
      },
    });
    return element('tr', { attributes: { class: isShown ? 'shown' : '' } }, [
      element('th', { attributes: { scope: 'row' } }, [link]),
      element('td', {}, [levelSign(headlineOf(subject).level), element('span', { text: state.text })]),
      element('td', {}, [
        element('div', { attributes: { class: 'component-size' } }, [
          element('span', { text: now === undefined ? 'not known' : byteText(now) }),
          ...(isLine(all) ? [sparkline(all)] : []),
        ]),
      ]),
      ...(findsLeaks ? [element('td', { text: leak, attributes: { class: 'extra' } })] : []),
    ]);
  });
  return element(
    'div',
    { attributes: { class: 'table', tabindex: '0', role: 'group', 'aria-label': 'Components' } },
    [element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)])],
  );
}
