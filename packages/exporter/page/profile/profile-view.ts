import { button, element } from '../basics/dom.ts';
import { columnTitle, functionText, place, share, signed } from '../basics/text.ts';
import { agesOf } from '../model/ages.ts';
import { type Amounts, amountsOf } from '../model/amounts.ts';
import { findFunction } from '../model/find-function.ts';
import type { Model, SurvivalOf } from '../model/model.ts';
import { packagesOf } from '../model/packages.ts';
import { functionRows, hasChanged, labelRows } from '../model/rows.ts';
import {
  callTree,
  invertedTree,
  matchedAmount,
  matchingFunctions,
  sandwich,
  type TreeNode,
} from '../model/tree.ts';
import { Uncertainty } from '../model/uncertainty.ts';
import { controls, viewButtons } from './controls.ts';
import { describe } from './describe.ts';
import { Details } from './details.ts';
import { FlameView } from './flame.ts';
import { FrameColors } from './frame-colors.ts';
import { legend } from './legend.ts';
import { listenForKeys } from './profile-keys.ts';
import { FIRST_PROFILE_STATE, type ProfileState, type ProfileViewName } from './profile-state.ts';
import { summaryText } from './summary-text.ts';
import { TableView } from './table.ts';
import { findZoom, zoomText } from './zoom-text.ts';

/** Options and callbacks of {@link ProfileView}. */
export interface ProfileViewOptions {
  /** Default: that of a new page. */
  readonly state?: ProfileState;
  /** True if buttons switch between the views. */
  readonly hasViewButtons: boolean;
  /** Called when the user has chosen something; `isStep` is true if the browser's Back should undo it. */
  readonly changed?: (state: ProfileState, isStep: boolean) => void;
  /** Returns what finds the survival of a function's allocations; undefined when nothing is known. */
  readonly survival?: (() => SurvivalOf | undefined) | undefined;
}

/** Shows one profile, or the change from one to another: flame graph, table, callers and callees. */
export class ProfileView {
  readonly element: HTMLElement;
  /** Line with the total and the time. */
  readonly summary: HTMLElement = element('p', { attributes: { class: 'summary' } });
  readonly #model: Model;
  readonly #options: ProfileViewOptions;
  readonly #isDiff: boolean;
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
  #state: ProfileState;
  #flames: FlameView[] = [];
  #matches: readonly boolean[] | undefined;
  /** Amounts that are shown. */
  #amounts: Amounts;
  #stopListening: (() => void) | undefined;

  constructor(model: Model, options: ProfileViewOptions) {
    this.#model = model;
    this.#options = options;
    this.#isDiff = model.profiles.length > 1;
    this.#state = options.state ?? FIRST_PROFILE_STATE;
    this.#amounts = amountsOf(model, this.#column, this.#state.filters);
    this.element = element('div', { attributes: { class: 'profile' } }, [
      ...(options.hasViewButtons ? [this.#views] : []),
      this.#controls,
      this.#panel,
    ]);
  }

  /** Draws; the element must be in the document. */
  start(): void {
    this.#stopListening = listenForKeys(this.element, {
      clear: () => {
        this.#search.value = '';
        this.#searched();
        for (const view of this.#flames) view.resetZoom();
      },
      search: () => this.#search.focus(),
      copy: () => this.#panel.querySelector<HTMLElement>('.copy')?.click(),
    });
    this.#drawAll();
  }

  /** Shows what the state says, without a call of `changed`. */
  show(state: ProfileState): void {
    this.#state = state;
    this.#drawAll();
  }

  destroy(): void {
    this.#stopListening?.();
    this.#destroyFlames();
  }

  /** True if colours show growth and shrinkage. */
  get #showsChange(): boolean {
    return this.#isDiff || this.#amounts.hasNegative;
  }

  get #uncertainty(): Uncertainty | undefined {
    return Uncertainty.of(this.#model, this.#column, this.#showsChange);
  }

  get #column(): number {
    const named = this.#model.columns.findIndex(({ type }) => type === this.#state.column);
    return named < 0 ? this.#model.column : named;
  }

  get #unit(): string {
    return this.#model.columns[this.#column]!.unit;
  }

  #drawAll(): void {
    if (this.#search.value !== this.#state.search) this.#search.value = this.#state.search;
    this.#drawControls();
    this.#draw();
  }

  #drawControls(): void {
    this.#views.replaceChildren(...viewButtons(this.#state.view, (view) => this.#openView(view)));
    const made = controls(this.#model, this.#state, this.#column, (change) => this.#set(change));
    // Moving the search field would take the focus away from it.
    const search = element('div', { attributes: { class: 'search' } }, [this.#search, this.#matched]);
    this.#controls.replaceChildren(...made, search);
  }

  #set(change: Partial<ProfileState>): void {
    // Another kind of flame graph has other frames.
    const isOtherTree = 'isInverted' in change || 'isOnlyOwn' in change;
    this.#state = { ...this.#state, ...(isOtherTree && { zoom: '' }), ...change };
    this.#draw();
    this.#options.changed?.(this.#state, true);
  }

  /** Keeps what a view has already drawn. */
  #keep(change: Partial<ProfileState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.changed?.(this.#state, true);
  }

  #openView(view: ProfileViewName, fn = this.#state.fn): void {
    this.#state = { ...this.#state, view, fn };
    this.#drawAll();
    this.#views.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
    this.#options.changed?.(this.#state, true);
  }

  #draw(): void {
    this.#destroyFlames();
    this.#matched.textContent = '';
    const { filters, search, view } = this.#state;
    const amounts = amountsOf(this.#model, this.#column, filters);
    this.#amounts = amounts;
    this.#matches = matchingFunctions(this.#model, search);
    this.#drawSummary(amounts);
    if (this.#model.profiles.every(({ nodes }) => nodes.length === 0))
      return this.#message('This profile has no samples.');
    if (amounts.total.weight === 0) {
      const reason =
        filters.size > 0
          ? 'No sample passes the filters.'
          : `${columnTitle(this.#model.columns[this.#column]!)} is zero everywhere.`;
      return this.#message(reason);
    }
    if (view === 'flame') this.#drawFlame(amounts);
    else if (view === 'table') this.#drawTable(amounts);
    else this.#drawSandwich(amounts);
    this.#showMatched();
  }

  #drawSummary(amounts: Amounts): void {
    const { labelKeys } = this.#model;
    const filters = [...this.#state.filters].filter(([key]) => labelKeys.includes(key));
    this.summary.textContent = summaryText(this.#model, this.#column, amounts, filters.length > 0);
    if (filters.length === 0) return;
    const text = filters.map(([key, value]) => `${key} ${value}`).join(', ');
    this.summary.append(
      element('strong', { text: `filtered: ${text}`, attributes: { class: 'filtered' } }),
      button('Clear filters', () => this.#clearFilters()),
    );
  }

  #clearFilters(): void {
    this.#set({ filters: new Map() });
    this.#drawControls();
    this.#controls.querySelector('select')?.focus();
  }

  #destroyFlames(): void {
    for (const view of this.#flames) view.destroy();
    this.#flames = [];
  }

  #message(text: string): void {
    this.#panel.replaceChildren(element('p', { text, attributes: { class: 'state' } }));
  }

  #drawFlame(amounts: Amounts): void {
    const { isInverted, isOnlyOwn } = this.#state;
    const tree = (isInverted ? invertedTree : callTree)(this.#model, amounts, isOnlyOwn);
    const label = isInverted ? 'Flame graph, from allocating functions to callers' : 'Flame graph';
    const details = this.#newDetails();
    const colors = this.#newColors();
    const view = this.#flame(tree, label, details, colors, true);
    this.#panel.replaceChildren(this.#legend(), details.element, view.element, colors.element);
    view.draw();
  }

  #legend(): HTMLElement {
    return legend({ showsChange: this.#showsChange, hasErrors: this.#uncertainty !== undefined });
  }

  #newColors(): FrameColors {
    return new FrameColors({
      kindOf: (fn) => this.#model.functions[fn]?.kind,
      isMatch: (fn) => this.#matches?.[fn] === true,
      showsChange: this.#showsChange,
      uncertainty: this.#uncertainty,
    });
  }

  #flame(tree: TreeNode, label: string, details: Details, colors: FrameColors, keepsZoom = false): FlameView {
    const { functions } = this.#model;
    const textOf = ({ fn, name }: TreeNode): string => (fn < 0 ? name : functionText(functions[fn]!));
    const view = new FlameView(tree, {
      label: `${label}. Arrow keys move, Enter zooms.`,
      colorOf: (node) => colors.colorOf(node),
      describe: (node) => this.#describe(node),
      selected: (node) => details.show(node),
      ...(keepsZoom && {
        zoom: findZoom(tree, this.#state.zoom, textOf),
        zoomed: (node: TreeNode) => this.#keep({ zoom: zoomText(node, textOf) }),
      }),
    });
    this.#flames.push(view);
    return view;
  }

  #describe(node: TreeNode): string[] {
    return describe(node, {
      fn: this.#model.functions[node.fn],
      unit: this.#unit,
      total: this.#amounts.total,
      isDiff: this.#isDiff,
      // In the other trees, what is below a frame are its callers.
      hasSelf: this.#state.view === 'flame' && !this.#state.isInverted && !this.#isDiff,
      uncertainty: this.#uncertainty,
    });
  }

  #newDetails(): Details {
    const { functions } = this.#model;
    return new Details({
      functions,
      // Text has the innermost frame first, as stack traces do.
      isInnermostFirst: this.#state.isInverted && this.#state.view === 'flame',
      describe: (node) => this.#describe(node),
      open: (fn) => this.#openView('sandwich', functionText(functions[fn]!)),
    });
  }

  #drawTable(amounts: Amounts): void {
    const { group, filters, search, order } = this.#state;
    const key = this.#model.labelKeys.indexOf(group);
    const all =
      key < 0 ? functionRows(this.#model, amounts) : labelRows(this.#model, key, this.#column, filters);
    const rows = this.#isDiff ? all.filter(hasChanged) : all;
    if (rows.length === 0) return this.#message('Nothing has changed.');
    const { functions } = this.#model;
    const survival = this.#options.survival?.();
    const packages = packagesOf(this.#model);
    const table = new TableView({
      rows,
      what: key < 0 ? 'Function' : group,
      unit: this.#unit,
      isDiff: this.#isDiff,
      total: amounts.total,
      search,
      order,
      ordered: (next) => this.#keep({ order: next }),
      uncertainty: this.#uncertainty,
      ages: key < 0 && !this.#isDiff ? agesOf(this.#model, this.#column, filters) : undefined,
      survivalOf: survival && key < 0 ? ({ fn }) => survival(functions[fn]!) : undefined,
      placeOf: ({ fn }) => (fn < 0 ? '' : place(functions[fn]!)),
      packageOf: ({ fn }) => packages[fn] ?? '',
      chosen: (fn) => this.#openView('sandwich', functionText(functions[fn]!)),
    });
    this.#panel.replaceChildren(table.element);
  }

  #drawSandwich(amounts: Amounts): void {
    const { functions } = this.#model;
    const named = findFunction(functions, this.#state.fn);
    if (named < 0 && this.#state.fn !== '')
      return this.#message(`This profile does not have ${this.#state.fn}.`);
    const fn = named < 0 ? largest(this.#model, amounts) : named;
    const found = functions[fn];
    if (found === undefined) return this.#message('There is no function to show.');
    const { callers, callees } = sandwich(this.#model, amounts, fn);
    const details = this.#newDetails();
    const colors = this.#newColors();
    const above = this.#flame(callers, `Callers of ${found.name}`, details, colors);
    const below = this.#flame(callees, `Callees of ${found.name}`, details, colors);
    this.#panel.replaceChildren(
      element('h2', { text: functionText(found) }),
      this.#legend(),
      details.element,
      element('h3', { text: 'Callers' }),
      above.element,
      element('h3', { text: 'Callees' }),
      below.element,
      colors.element,
    );
    above.draw();
    below.draw();
  }

  #searched(): void {
    const search = this.#search.value;
    if (search === this.#state.search) return;
    this.#state = { ...this.#state, search };
    const before = this.#matches;
    this.#matches = matchingFunctions(this.#model, search);
    if (this.#state.view === 'table') {
      if (this.#amounts.total.weight > 0) this.#drawTable(this.#amounts);
    } else {
      if (before !== this.#matches) for (const view of this.#flames) view.recolor();
      this.#showMatched();
    }
    this.#options.changed?.(this.#state, false);
  }

  #showMatched(): void {
    this.#matched.textContent = '';
    if (this.#matches === undefined || this.#state.view !== 'flame') return;
    const { total } = this.#amounts;
    const sum = matchedAmount(this.#model, this.#amounts, this.#matches, this.#state.isOnlyOwn);
    this.#matched.textContent = this.#isDiff
      ? `matched: ${signed(sum.after - sum.before, this.#unit)}`
      : `matched: ${share(sum.weight, total.weight)}`;
  }
}

/** Returns the function of the program that allocates most, which is the one to start with. */
function largest(model: Model, amounts: Amounts): number {
  const rows = functionRows(model, amounts);
  const size = ({ self }: (typeof rows)[number]): number => Math.abs(self.after - self.before);
  return rows.sort((a, b) => size(b) - size(a))[0]?.fn ?? -1;
}
