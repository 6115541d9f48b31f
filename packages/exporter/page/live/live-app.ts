import type { OverviewData, OverviewPlace, OverviewSubject } from '../../src/page/overview-data.ts';
import { button, choice, element, setOptions } from '../basics/dom.ts';
import { clockText } from '../basics/text.ts';
import { themeButton } from '../basics/theme.ts';
import { siteText } from '../model/find-function.ts';
import { headlineOf } from '../overview/headline.ts';
import { OverviewView } from '../overview/overview-view.ts';
import { FIRST_PROFILE_STATE } from '../profile/profile-state.ts';
import { Banner } from './banner.ts';
import { DifferenceTab } from './difference-tab.ts';
import { FIRST_STATE, formatHash, type LiveState, onTab, parseHash, TABS } from './hash.ts';
import { dataFolder, serverUrl } from './live-url.ts';
import { type Connection, Poller } from './poller.ts';
import { ProfileTab } from './profile-tab.ts';
import { Restarts } from './restarts.ts';

const SIGNS = { ok: '', warning: '▲ ', problem: '✖ ', unknown: '' };

/** The page of a server: what it knows now, its profiles, and differences. The hash of the URL says what is shown. */
export class LiveApp {
  readonly #root: HTMLElement;
  readonly #title = element('h1', { text: 'heapray' });
  readonly #updated = element('span', { attributes: { class: 'updated' } });
  readonly #subject: HTMLLabelElement;
  readonly #nav = element('nav', { attributes: { class: 'views', 'aria-label': 'View' } });
  readonly #main = element('main');
  readonly #poller: Poller;
  readonly #banner: Banner;
  readonly #restarts = new Restarts();
  readonly #overview: OverviewView;
  readonly #profile: ProfileTab;
  readonly #difference: DifferenceTab;
  #state: LiveState = FIRST_STATE;
  #data: OverviewData | undefined;
  #connection: Connection | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    const folder = dataFolder(location.href);
    this.#poller = new Poller(`${folder}overview.json`, (connection, data) =>
      this.#answered(connection, data),
    );
    this.#banner = new Banner(() => this.#poller.now());
    this.#subject = choice('Component', [], '', (component) => this.#change(onSubject({ component }), true));
    this.#overview = new OverviewView({
      site: (site) => this.#siteHref(site),
      download: (path) => serverUrl(folder, path),
      worker: `${folder}holders.js`,
      subject: ({ component = '' }) => formatHash({ ...FIRST_STATE, component }),
    });
    const changed = (change: Partial<LiveState>, isStep: boolean): void => this.#change(change, isStep);
    this.#profile = new ProfileTab(folder, changed);
    this.#difference = new DifferenceTab(folder, changed);
  }

  /** Shows the page, and keeps it up to date. */
  start(): void {
    this.#subject.hidden = true;
    this.#root.replaceChildren(
      element('header', {}, [this.#title, this.#subject, this.#updated, themeButton()]),
      this.#nav,
      this.#banner.element,
      this.#main,
    );
    window.addEventListener('hashchange', () => this.#readHash());
    setInterval(() => this.#tick(), 1000);
    this.#readHash();
    this.#poller.start();
  }

  #readHash(): void {
    const before = this.#state;
    this.#state = parseHash(location.hash);
    const { tab, profile } = this.#state;
    if (tab !== before.tab) this.#difference.restart();
    this.#show();
    // A tab or a link shows the present state, as the overview does.
    if (tab === before.tab && profile.fn === before.profile.fn) return;
    if (tab === 'diff') this.#difference.refresh();
    else if (tab !== 'overview') this.#profile.refresh();
  }

  #change(change: Partial<LiveState>, isStep: boolean): void {
    this.#state = { ...this.#state, ...change };
    const hash = formatHash(this.#state);
    if (hash !== location.hash) history[isStep ? 'pushState' : 'replaceState'](null, '', hash);
    this.#show();
  }

  #answered(connection: Connection, data: OverviewData | undefined): void {
    this.#connection = connection;
    if (data !== undefined && data !== this.#data) {
      const restarts = this.#restarts.update(data);
      if (restarts.length > 0) {
        this.#banner.restarted(restarts.join(' '));
        for (const tab of [this.#profile, this.#difference]) {
          tab.outdate('This profile is of the process before it has restarted.');
        }
      }
      this.#data = data;
    }
    if (data !== undefined) this.#banner.update(connection, data.timeMillis);
    this.#show();
  }

  #tick(): void {
    this.#banner.tick();
    if (this.#state.tab === 'diff') this.#difference.tick();
    else if (this.#state.tab !== 'overview') this.#profile.tick();
  }

  #show(): void {
    this.#showTabs();
    const data = this.#data;
    if (data === undefined) return this.#showStart();
    this.#title.textContent = data.title;
    this.#updated.textContent = `${this.#connection?.kind === 'live' ? 'Live' : 'Stopped'}, ${clockText(data.timeMillis)} UTC`;
    this.#updated.classList.toggle('live', this.#connection?.kind === 'live');
    const subject = this.#subjectIn(data);
    this.#showSubjects(data, subject);
    if (subject === undefined) return this.#showLost(data);
    document.title = `${SIGNS[headlineOf(subject).level]}${subject.name} - heapray`;
    const { tab } = this.#state;
    if (tab === 'overview') {
      this.#place(this.#overview.element);
      this.#overview.update(data.subjects, subject);
    } else if (tab === 'diff') {
      this.#place(this.#difference.element);
      this.#difference.show(this.#state, data.subjects, subject);
    } else {
      this.#place(this.#profile.element);
      this.#profile.show(this.#state, subject);
    }
  }

  /** Puts a tab into the page. Does nothing if it is there, so that focus and scroll position stay. */
  #place(shown: HTMLElement): void {
    if (this.#main.firstElementChild !== shown) this.#main.replaceChildren(shown);
  }

  #showTabs(): void {
    if (this.#nav.children.length === 0) {
      this.#nav.append(...TABS.map(([, text]) => element('a', { text })));
    }
    for (const [at, [tab]] of TABS.entries()) {
      const link = this.#nav.children[at]!;
      link.setAttribute('href', formatHash(onTab(this.#state, tab)));
      if (tab === this.#state.tab) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  #subjectIn({ subjects }: OverviewData): OverviewSubject | undefined {
    const { component } = this.#state;
    if (component === '') return subjects[0];
    return subjects.find((subject) => subject.component === component);
  }

  #showSubjects({ subjects }: OverviewData, shown: OverviewSubject | undefined): void {
    this.#subject.hidden = subjects.length < 2;
    const options = subjects.map(({ component = '', name }) => [component, name] as const);
    setOptions(this.#subject, options, shown?.component ?? '');
  }

  /** Shows that the page waits for the first answer, or why none comes. */
  #showStart(): void {
    const { kind = 'connecting', message = '' } = this.#connection ?? {};
    const text = {
      connecting: 'Loading ...',
      live: '',
      gone: 'The server does not answer.',
      busy: `The server is busy: ${message}.`,
      failed: `The server cannot answer: ${message}.`,
    }[kind];
    const isWaiting = kind !== 'connecting';
    this.#main.replaceChildren(
      element('div', { attributes: { class: 'state' } }, [
        element('p', { text, ...(isWaiting ? { attributes: { role: 'alert' } } : {}) }),
        ...(isWaiting ? [button('Try now', () => this.#poller.now())] : []),
      ]),
    );
  }

  /** Shows that the chosen component is not there any more. */
  #showLost({ subjects }: OverviewData): void {
    const { component } = this.#state;
    const text =
      subjects.length === 0 ? 'There is nothing to show yet.' : `There is no component ${component}.`;
    const links = subjects.map((subject) => {
      const href = formatHash({ ...this.#state, ...onSubject({ component: subject.component ?? '' }) });
      return element('li', {}, [element('a', { text: subject.name, attributes: { href } })]);
    });
    this.#main.replaceChildren(
      element('div', { attributes: { class: 'state' } }, [
        element('p', { text }),
        element('ul', { attributes: { class: 'choices' } }, links),
      ]),
    );
  }

  #siteHref(site: OverviewPlace): string {
    const profile = { ...FIRST_PROFILE_STATE, view: 'sandwich', fn: siteText(site) } as const;
    const { component } = this.#state;
    return formatHash({ ...FIRST_STATE, component, tab: 'sandwich', profile });
  }
}

/** Returns the change to another component; moments and components to compare with are those of one component. */
function onSubject({ component }: { readonly component: string }): Partial<LiveState> {
  const { before, after, other } = FIRST_STATE;
  return { component, before, after, other };
}
