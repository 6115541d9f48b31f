import { element } from '../basics/dom.ts';
import type { HeadlineLevel } from './headline.ts';

const SIGNS: Readonly<Record<HeadlineLevel, string>> = { ok: '✓', warning: '▲', problem: '✖', unknown: '…' };

/** Returns a sign for a level that differs in shape, not only in colour, and has its name as text. */
export function levelSign(level: HeadlineLevel): HTMLElement {
  return element('span', { attributes: { class: `level ${level}` } }, [
    element('span', { text: SIGNS[level], attributes: { 'aria-hidden': 'true' } }),
    element('span', { text: `${level}: `, attributes: { class: 'unseen' } }),
  ]);
}
