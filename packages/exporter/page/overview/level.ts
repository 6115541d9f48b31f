import type { OverviewLevel } from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';

const SIGNS: Readonly<Record<OverviewLevel, string>> = { ok: '✓', warning: '▲', problem: '✖' };

/** Returns a sign for a level that differs in shape, not only in colour, and has its name as text. */
export function levelSign(level: OverviewLevel): HTMLElement {
  return element('span', { attributes: { class: `level ${level}` } }, [
    element('span', { text: SIGNS[level], attributes: { 'aria-hidden': 'true' } }),
    element('span', { text: `${level}: `, attributes: { class: 'unseen' } }),
  ]);
}
