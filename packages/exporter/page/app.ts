import { type Amounts, amountsOf, labelValues } from './amounts.ts';
import { changeColor, kindColor, MATCH_COLOR } from './colors.ts';
import { button, checkbox, choice, copy, element } from './dom.ts';
import { FlameView } from './flame.ts';
import type { Model } from './model.ts';
import { functionRows, labelRows } from './rows.ts';
import { TableView } from './table.ts';
import { columnTitle, functionText, place, quantity, share, signed } from './text.ts';
import { themeButton } from './theme.ts';
import {
  callTree,
  invertedTree,
  matchedAmount,
  matchingFunctions,
  pathTo,
  sandwich,
  type TreeNode,
} from './tree.ts';

type View = 'flame' | 'table' | 'sandwich';

const VIEWS: readonly (readonly [View, string])[] = [
  ['flame', 'Flame graph'],
  ['table', 'Table'],
  ['sandwich', 'Callers and callees'],
];
const BY_FUNCTION = 'function';

/** The page of one profile, or of the change from one to another. */
export class App {
  readonly #model: Model;
  readonly #isDiff: boolean;
  readonly #root: HTMLElement;
  readonly #views = element('div', {
    attributes: { class: 'views', role: 'group', 'aria-label': 'View' },
  });
  readonly #controls = element('div', { attributes: { class: 'controls' } });
  readonly #search = element('input', {
    attributes: {
      type: 'search',
      placeholder: 'Search (press /)',
      'aria-label': 'Search functions and files',
    },
    on: { input: () => this.#searched() },
  });
  readonly #matched = element('output', { attributes: { class: 'matched', 'aria-live': 'polite' } });
  readonly #panel = element('div');
  readonly #summary = element('p', { attributes: { class: 'summary' } });
  readonly #filters = new Map<string, string>();
  #view: View = 'flame';
  #column: number;
  #group = BY_FUNCTION;
  #isInverted = false;
  #isOnlyOwn = false;
  #function = -1;
  #flames: FlameView[] = [];
  #matches: readonly boolean[] | undefined;
  /** Amounts that are shown. */
  #amounts: Amounts;

  constructor(model: Model, root: HTMLElement) {
    this.#model = model;
    this.#isDiff = model.profiles.length > 1;
    this.#column = model.column;
    this.#amounts = amountsOf(model, this.#column, this.#filters);
    this.#root = root;
  }

  /** Shows the page. */
  start(): void {
    const { title, profiles } = this.#model;
    const header = element('header', {}, [element('h1', { text: title }), themeButton(), this.#summary]);
    const comments = [...new Set(profiles.flatMap((profile) => profile.comments))];
    const notes = comments.map((text) => element('li', { text }));
    const footer = element('footer', {}, [
      ...(notes.length === 0
        ? []
        : [element('h2', { text: 'Notes of the profile' }), element('ul', {}, notes)]),
      element('p', {
        text: 'Keys: / search, Escape clears and zooms out; in a graph, arrows move, Enter zooms, c copies the stack.',
      }),
    ]);
    const main = element('main', {}, [this.#views, this.#controls, this.#panel]);
    this.#root.replaceChildren(header, main, footer);
    document.addEventListener('keydown', (event) => this.#keyPressed(event));
    this.#drawControls();
    this.#draw();
  }

  /** True if colours show growth and shrinkage. */
  get #showsChange(): boolean {
    return this.#isDiff || this.#amounts.hasNegative;
  }

  get #unit(): string {
    return this.#model.columns[this.#column]!.unit;
  }

  #drawControls(): void {
    this.#views.replaceChildren(
      ...VIEWS.map(([view, text]) => {
        const isShown = view === this.#view;
        return button(text, () => this.#show(view), { 'aria-pressed': `${isShown}` });
      }),
    );
    const { columns, labelKeys } = this.#model;
    const parts: Node[] = [];
    if (columns.length > 1) {
      const options = columns.map((column, at) => [`${at}`, columnTitle(column)] as const);
      parts.push(
        choice('Value', options, `${this.#column}`, (value) =>
          this.#changed(() => (this.#column = Number(value))),
        ),
      );
    }
    if (this.#view === 'table' && labelKeys.length > 0) {
      const options = [BY_FUNCTION, ...labelKeys].map((key) => [key, key] as const);
      parts.push(choice('Rows', options, this.#group, (value) => this.#changed(() => (this.#group = value))));
    }
    for (const [at, key] of labelKeys.entries()) {
      const values = labelValues(this.#model, at, this.#column);
      if (values.length < 2) continue;
      // An option's value cannot be told from that of "all" by its text, so options are numbered.
      const options = [['', 'all'] as const, ...values.map((value, index) => [`${index}`, value] as const)];
      const chosen = values.indexOf(this.#filters.get(key) ?? '');
      parts.push(
        choice(key, options, chosen < 0 ? '' : `${chosen}`, (value) =>
          this.#filter(key, values[Number(value)], value),
        ),
      );
    }
    if (this.#view === 'flame') {
      parts.push(
        checkbox('Inverted', this.#isInverted, (isOn) => this.#changed(() => (this.#isInverted = isOn))),
        checkbox('Only my code', this.#isOnlyOwn, (isOn) => this.#changed(() => (this.#isOnlyOwn = isOn))),
      );
    }
    // Moving the search field would take the focus away from it.
    const search = element('div', { attributes: { class: 'search' } }, [this.#search, this.#matched]);
    this.#controls.replaceChildren(...parts, search);
  }

  #filter(key: string, value: string | undefined, option: string): void {
    this.#changed(() => {
      if (option === '' || value === undefined) this.#filters.delete(key);
      else this.#filters.set(key, value);
    });
  }

  #changed(change: () => void): void {
    change();
    this.#draw();
  }

  #show(view: View): void {
    this.#view = view;
    this.#drawControls();
    this.#draw();
    this.#views.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
  }

  #draw(): void {
    for (const view of this.#flames) view.destroy();
    this.#flames = [];
    this.#matched.textContent = '';
    const amounts = amountsOf(this.#model, this.#column, this.#filters);
    this.#amounts = amounts;
    this.#matches = matchingFunctions(this.#model, this.#search.value);
    this.#summary.textContent = this.#summaryText(amounts);
    if (this.#model.profiles.every(({ nodes }) => nodes.length === 0))
      return this.#state('This profile has no samples.');
    if (amounts.total.weight === 0) {
      const reason =
        this.#filters.size > 0 ? 'No sample passes the filters.' : 'This column is zero everywhere.';
      return this.#state(reason);
    }
    if (this.#view === 'flame') this.#drawFlame(amounts);
    else if (this.#view === 'table') this.#drawTable(amounts);
    else this.#drawSandwich(amounts);
    this.#showMatched();
  }

  #state(text: string): void {
    this.#panel.replaceChildren(element('p', { text, attributes: { class: 'state' } }));
  }

  #summaryText({ total }: Amounts): string {
    const { profiles, columns } = this.#model;
    const title = columnTitle(columns[this.#column]!);
    const unit = this.#unit;
    const [first, last] = [profiles[0], profiles.at(-1)];
    const error = this.#filters.size > 0 ? null : (last?.standardErrors[this.#column] ?? null);
    const within = error === null ? '' : ` ± ${quantity(error, unit)}`;
    const parts = [
      this.#isDiff
        ? `${title}: ${quantity(total.before, unit)} to ${quantity(total.after, unit)}${within}, ${signed(total.after - total.before, unit)}`
        : `${title}: ${quantity(total.after, unit)}${within}`,
      ...(this.#isDiff && first?.timeMillis != null ? [`from ${timeText(first.timeMillis)}`] : []),
      ...(last?.timeMillis != null
        ? [`${this.#isDiff ? 'to' : 'collected'} ${timeText(last.timeMillis)}`]
        : []),
      ...(last !== undefined && last.durationSeconds > 0
        ? [`over ${last.durationSeconds.toFixed(1)} s`]
        : []),
    ];
    return parts.join(', ');
  }

  #drawFlame(amounts: Amounts): void {
    const make = this.#isInverted ? invertedTree : callTree;
    const tree = make(this.#model, amounts, this.#isOnlyOwn);
    const label = this.#isInverted ? 'Flame graph, from allocating functions to callers' : 'Flame graph';
    const details = this.#details();
    const view = this.#flame(tree, label, details.show);
    this.#panel.replaceChildren(this.#legend(), details.element, view.element);
    view.draw();
  }

  #flame(tree: TreeNode, label: string, selected: (node: TreeNode) => void): FlameView {
    const { functions } = this.#model;
    const view = new FlameView(tree, {
      label: `${label}. Arrow keys move, Enter zooms.`,
      colorOf: (node) => {
        if (this.#matches?.[node.fn]) return MATCH_COLOR;
        return this.#showsChange ? changeColor(node) : kindColor(node, functions[node.fn]?.kind);
      },
      describe: (node) => this.#describe(node),
      selected,
    });
    this.#flames.push(view);
    return view;
  }

  #legend(): HTMLElement {
    const entries: readonly (readonly [string, string])[] = this.#showsChange
      ? [
          ['grew', 'grew'],
          ['shrank', 'shrank'],
          ['same', 'unchanged'],
        ]
      : [
          ['own', 'program'],
          ['package', 'packages'],
          ['runtime', 'runtime'],
        ];
    const items = entries.map(([name, text]) => {
      const swatch = element('span', { attributes: { class: `swatch ${name}`, 'aria-hidden': 'true' } });
      return element('li', {}, [swatch, element('span', { text })]);
    });
    return element('ul', { attributes: { class: 'legend', 'aria-label': 'Colours' } }, items);
  }

  #describe(node: TreeNode): string[] {
    const { total } = this.#amounts;
    const fn = this.#model.functions[node.fn];
    const where = fn === undefined ? '' : place(fn);
    const unit = this.#unit;
    const amount = this.#isDiff
      ? `${quantity(node.before, unit)} to ${quantity(node.after, unit)}, ${signed(node.after - node.before, unit)}`
      : `${quantity(node.after, unit)}, ${share(node.after, total.weight)} of all`;
    // In the other trees, what is below a frame are its callers.
    const hasSelf = this.#view === 'flame' && !this.#isInverted && !this.#isDiff && node.children.length > 0;
    const self = hasSelf ? selfOf(node) : 0;
    const own = self === 0 ? [] : [`itself ${quantity(self, unit)}`];
    return [node.name, ...(where === '' ? [] : [where]), amount, ...own];
  }

  /** Returns the line about the chosen frame, with what can be done with it. */
  #details(): { readonly element: HTMLElement; readonly show: (node: TreeNode) => void } {
    const text = element('span', {
      text: 'Choose a frame for its details.',
      attributes: { 'aria-live': 'polite', class: 'chosen' },
    });
    const line = element('div', { attributes: { class: 'details' } }, [text]);
    const show = (node: TreeNode): void => {
      text.textContent = this.#describe(node).join(' · ');
      const copied = button('Copy stack', () => void this.#copyStack(node, copied), { class: 'copy' });
      const more = button('Callers and callees', () => this.#open(node.fn));
      line.replaceChildren(text, ...(node.fn < 0 ? [] : [copied, more]));
    };
    return { element: line, show };
  }

  async #copyStack(node: TreeNode, pressed: HTMLElement): Promise<void> {
    const frames = pathTo(node).filter(({ fn }) => fn >= 0);
    // Text has the innermost frame first, as stack traces do.
    const ordered = this.#isInverted && this.#view === 'flame' ? frames : frames.reverse();
    const lines = ordered.map(({ fn }) => functionText(this.#model.functions[fn]!));
    pressed.textContent = (await copy(lines.join('\n'))) ? 'Copied' : 'Not allowed by the browser';
  }

  #open(fn: number): void {
    this.#function = fn;
    this.#show('sandwich');
  }

  #drawTable(amounts: Amounts): void {
    const key = this.#model.labelKeys.indexOf(this.#group);
    const rows =
      key < 0 ? functionRows(this.#model, amounts) : labelRows(this.#model, key, this.#column, this.#filters);
    const { functions } = this.#model;
    const table = new TableView({
      rows,
      what: key < 0 ? 'Function' : this.#group,
      unit: this.#unit,
      isDiff: this.#isDiff,
      total: amounts.total,
      search: this.#search.value,
      placeOf: ({ fn }) => (fn < 0 ? '' : place(functions[fn]!)),
      chosen: (fn) => this.#open(fn),
    });
    this.#panel.replaceChildren(table.element);
  }

  #drawSandwich(amounts: Amounts): void {
    const fn = this.#function < 0 ? largest(this.#model, amounts) : this.#function;
    const found = this.#model.functions[fn];
    if (found === undefined) return this.#state('There is no function to show.');
    const { callers, callees } = sandwich(this.#model, amounts, fn);
    const details = this.#details();
    const above = this.#flame(callers, `Callers of ${found.name}`, details.show);
    const below = this.#flame(callees, `Callees of ${found.name}`, details.show);
    this.#panel.replaceChildren(
      element('h2', { text: functionText(found) }),
      details.element,
      element('h3', { text: 'Callers' }),
      above.element,
      element('h3', { text: 'Callees' }),
      below.element,
    );
    above.draw();
    below.draw();
  }

  #searched(): void {
    const before = this.#matches;
    this.#matches = matchingFunctions(this.#model, this.#search.value);
    if (this.#view === 'table') {
      if (this.#amounts.total.weight > 0) this.#drawTable(this.#amounts);
      return;
    }
    if (before !== this.#matches) for (const view of this.#flames) view.update();
    this.#showMatched();
  }

  #showMatched(): void {
    this.#matched.textContent = '';
    if (this.#matches === undefined || this.#view !== 'flame') return;
    const { total } = this.#amounts;
    const sum = matchedAmount(this.#model, this.#amounts, this.#matches, this.#isOnlyOwn);
    this.#matched.textContent = this.#isDiff
      ? `matched: ${signed(sum.after - sum.before, this.#unit)}`
      : `matched: ${share(sum.weight, total.weight)}`;
  }

  #keyPressed(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      this.#search.value = '';
      this.#searched();
      for (const view of this.#flames) view.resetZoom();
    } else if (event.key === '/' && !isTyping) {
      this.#search.focus();
      event.preventDefault();
    } else if (event.key === 'c' && !isTyping) {
      this.#panel.querySelector<HTMLElement>('.copy')?.click();
    }
  }
}

function selfOf(node: TreeNode): number {
  return node.children.reduce((rest, child) => rest - child.after, node.after);
}

/** Returns the function of the program that allocates most, which is the one to start with. */
function largest(model: Model, amounts: Amounts): number {
  const rows = functionRows(model, amounts);
  const size = ({ self }: (typeof rows)[number]): number => Math.abs(self.after - self.before);
  return rows.sort((a, b) => size(b) - size(a))[0]?.fn ?? -1;
}

function timeText(millis: number): string {
  return new Date(millis)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
