import { printable } from '../text/printable.js';
import type { LiveSort } from './model/live-model.js';
import type { LiveGroup } from './model/live-rows.js';
import type { DrawnRows, ViewState } from './view-state.js';

/** A key, as `readline.emitKeypressEvents` reports it. */
export interface Key {
  /** Name of the key, such as `up` or `a`; undefined for many characters. */
  readonly name?: string | undefined;
  /** Characters that the terminal has sent. */
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** Something that a key does other than to change the view. */
export type KeyEffect = 'quit' | 'suspend' | 'reconnect' | 'count growth from now' | 'redraw';

export interface KeyResult {
  readonly view: ViewState;
  readonly effect?: KeyEffect;
}

/** All keys, for help. */
export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['u g a o', 'sort by in use, growth, allocation rate, objects'],
  ['f', 'rows: functions, files, packages'],
  ['/', 'filter by text; Enter keeps, Esc clears it'],
  ['arrows, PgUp, PgDn, Home', 'choose a row'],
  ['Enter', 'stacks that allocated what the row has in use; Esc goes back'],
  ['z', 'count growth from now'],
  ['p', 'pause, and continue'],
  ['r', 'connect again'],
  ['Ctrl-L', 'draw again'],
  ['Ctrl-Z', 'suspend; fg continues'],
  ['? q', 'help, quit'],
];

const GROUPS: readonly LiveGroup[] = ['function', 'file', 'package'];
const SORTS: ReadonlyMap<string, LiveSort> = new Map([
  ['u', 'inUse'],
  ['g', 'growth'],
  ['a', 'rate'],
  ['o', 'objects'],
]);
const CONTROL: ReadonlyMap<string, KeyEffect> = new Map([
  ['c', 'quit'],
  ['z', 'suspend'],
  ['l', 'redraw'],
]);
const MAX_FILTER = 100;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Returns the view after a key was pressed. */
export function pressKey(view: ViewState, key: Key, drawn: DrawnRows): KeyResult {
  const control = key.ctrl ? CONTROL.get(key.name ?? '') : undefined;
  if (control !== undefined) return { view, effect: control };
  if (view.isTyping) return { view: typeKey(view, key) };
  const moved = move(view, key.name ?? '', drawn);
  if (moved !== undefined) return { view: moved };
  // The terminal sends the same character for Escape as for Alt, so Escape alone counts as Alt without a letter.
  if (key.name === 'escape') return { view: goBack(view) };
  if (key.ctrl || key.meta) return { view };
  return pressLetter(view, key, drawn);
}

function pressLetter(view: ViewState, { name = '', sequence = '' }: Key, drawn: DrawnRows): KeyResult {
  if (sequence === '?' || sequence === 'h')
    return { view: inMode(view, view.mode === 'help' ? 'table' : 'help') };
  if (sequence === '/') return { view: { ...inMode(view, 'table'), isTyping: true } };
  if (sequence === ' ' || sequence === 'p') return { view: { ...view, isPaused: !view.isPaused } };
  if (sequence === 'q') return { view, effect: 'quit' };
  if (sequence === 'r') return { view: { ...view, isPaused: false }, effect: 'reconnect' };
  if (sequence === 'z') return { view, effect: 'count growth from now' };
  if (name === 'return' || name === 'enter') return { view: enter(view, drawn) };
  const sort = SORTS.get(sequence);
  if (sort !== undefined) return { view: { ...toFirstRow(view), sort } };
  if (sequence !== 'f') return { view };
  const group = GROUPS[(GROUPS.indexOf(view.group) + 1) % GROUPS.length]!;
  return { view: { ...toFirstRow(view), group } };
}

function enter(view: ViewState, { keys, chosen }: DrawnRows): ViewState {
  if (view.mode !== 'table') return inMode(view, 'table');
  const key = keys[chosen];
  return key === undefined ? view : { ...inMode(view, 'callers'), chosen: key };
}

function goBack(view: ViewState): ViewState {
  if (view.mode !== 'table') return inMode(view, 'table');
  return { ...toFirstRow(view), filter: '' };
}

function inMode(view: ViewState, mode: ViewState['mode']): ViewState {
  return { ...view, mode, top: 0 };
}

function toFirstRow(view: ViewState): ViewState {
  return { ...inMode(view, 'table'), chosen: undefined };
}

/** Moves the choice in the table, or scrolls the text. Undefined for keys that do not move. */
function move(view: ViewState, name: string, { keys, chosen, page }: DrawnRows): ViewState | undefined {
  const steps: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    home: Number.NEGATIVE_INFINITY,
    end: keys.length,
  };
  const step = Object.hasOwn(steps, name) ? steps[name]! : undefined;
  if (step === undefined) return undefined;
  if (view.mode !== 'table') return { ...view, top: Math.max(0, view.top + step) };
  const at = Math.max(0, Math.min(keys.length - 1, chosen + step));
  return { ...view, chosen: name === 'home' ? undefined : keys[at] };
}

function typeKey(view: ViewState, { name, sequence = '', ctrl, meta }: Key): ViewState {
  const top = { ...view, chosen: undefined, top: 0 };
  if (name === 'return' || name === 'enter') return { ...view, isTyping: false };
  if (name === 'escape') return { ...top, isTyping: false, filter: '' };
  if (ctrl && name === 'u') return { ...top, filter: '' };
  if (name === 'backspace') return { ...top, filter: withoutLast(view.filter) };
  if (ctrl || meta || sequence === '' || printable(sequence) !== sequence) return view;
  return { ...top, filter: (view.filter + sequence).slice(0, MAX_FILTER) };
}

function withoutLast(text: string): string {
  return [...graphemes.segment(text)]
    .slice(0, -1)
    .map(({ segment }) => segment)
    .join('');
}
