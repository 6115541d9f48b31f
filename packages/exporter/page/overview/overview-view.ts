import type {
  OverviewData,
  OverviewDownload,
  OverviewFact,
  OverviewPart,
  OverviewSite,
  OverviewSubject,
  OverviewSuspect,
  OverviewText,
} from '../../src/page/overview-data.ts';
import { element } from '../basics/dom.ts';
import { pastTitle } from '../basics/text.ts';
import { HoldersPanel } from '../holders/holders-panel.ts';
import { AgeView } from './ages.ts';
import { componentTable } from './components.ts';
import { factList, partTable } from './facts.ts';
import { type Headline, headlineOf } from './headline.ts';
import { levelSign } from './level.ts';
import { MemoryCharts } from './memory-charts.ts';
import { FOCUS_KEY, Section, some } from './section.ts';
import type { SiteHref } from './site-link.ts';
import { SiteList } from './sites.ts';
import { holdersHint, suspectCards } from './suspects.ts';

/** Links of the overview to other parts of the page. */
export interface OverviewLinks {
  readonly site: SiteHref;
  readonly subject: (subject: OverviewSubject) => string;
  /** Returns the URL for a path of the server. */
  readonly download: (path: string) => string;
  /** URL of the worker that reads heap snapshots. */
  readonly worker: string;
}

/** How the holders of leak suspects can be found. */
interface Holders {
  /** ID of the process, if it runs where the server does. */
  readonly pid: string | undefined;
  /** URL that takes heap snapshots of the process, if the server does. */
  readonly snapshot: string | undefined;
}

const SNAPSHOT_PATH = '/debug/heapsnapshot';

/** Shows what a server knows now. What it does not know has no place. */
export class OverviewView {
  readonly element: HTMLElement;
  readonly #links: OverviewLinks;
  readonly #headline = new Section<Headline>('', drawHeadline);
  readonly #notes = new Section<readonly OverviewText[]>('', drawNotes);
  readonly #components: Section<readonly [OverviewData['subjects'], OverviewSubject]>;
  readonly #facts = new Section<readonly OverviewFact[]>('', (facts) => [factList(facts, 'inline')]);
  readonly #suspects: Section<readonly [readonly OverviewSuspect[], Holders]>;
  readonly #holders = new HoldersPanel();
  readonly #charts = new MemoryCharts();
  readonly #ages = new AgeView();
  readonly #sites: Section<readonly [readonly OverviewSite[], string]>;
  readonly #parts = new Section<readonly OverviewPart[]>('Threads, processes and Buffers', (parts) => [
    partTable(parts),
  ]);
  readonly #profiler = new Section<readonly OverviewFact[]>('Cost and health of the profiler', (facts) => [
    factList(facts, 'grid'),
  ]);
  readonly #downloads: Section<readonly OverviewDownload[]>;
  readonly #empty = new Section<string>('', (text) => [
    element('p', { text, attributes: { class: 'state' } }),
  ]);

  constructor(links: OverviewLinks) {
    this.#links = links;
    this.#components = new Section('Components', ([subjects, shown]) => [
      componentTable(subjects, shown, this.#links.subject),
    ]);
    this.#downloads = new Section('Downloads', (downloads) => drawDownloads(downloads, links.download));
    this.#suspects = new Section('Leak suspects', ([suspects, holders]) => [
      suspectCards(suspects, this.#links.site),
      ...this.#drawHolders(holders),
    ]);
    const list = new SiteList(links.site);
    this.#sites = new Section('Call sites with most in use', ([sites, past]) => list.draw(sites, past));
    this.element = element('div', { attributes: { class: 'overview' } }, [
      this.#headline.element,
      this.#notes.element,
      this.#components.element,
      this.#facts.element,
      this.#suspects.element,
      this.#charts.element,
      this.#empty.element,
      this.#ages.element,
      this.#sites.element,
      this.#parts.element,
      this.#profiler.element,
      this.#downloads.element,
    ]);
  }

  /** Shows other data; the element must be in the document. */
  update(subjects: OverviewData['subjects'], subject: OverviewSubject): void {
    const { notes, facts, suspects, sites, parts, profiler, downloads, timesMillis } = subject;
    this.#headline.update(headlineOf(subject));
    this.#notes.update(some(notes));
    this.#components.update(subjects.length > 1 ? [subjects, subject] : undefined);
    this.#facts.update(some(facts));
    this.#suspects.update(suspects.length === 0 ? undefined : [suspects, this.#holdersOf(subject)]);
    this.#charts.update(subject);
    this.#ages.update(subject);
    this.#sites.update(sites.length === 0 ? undefined : [sites, pastTitle(timesMillis)]);
    this.#parts.update(some(parts));
    this.#profiler.update(some(profiler));
    this.#downloads.update(some(downloads.filter(isOwn)));
    const isEmpty = sites.length === 0 && timesMillis.length === 0;
    this.#empty.update(isEmpty ? 'No samples yet. This page fills by itself.' : undefined);
  }

  #holdersOf(subject: OverviewSubject): Holders {
    const { component, snapshots } = subject;
    // In a group, the component is the ID of a process.
    const query = component === undefined ? '' : `?pid=${encodeURIComponent(component)}`;
    const snapshot = snapshots === true ? `${this.#links.download(SNAPSHOT_PATH)}${query}` : undefined;
    return { pid: processIdOf(subject), snapshot };
  }

  #drawHolders({ pid, snapshot }: Holders): Node[] {
    if (snapshot === undefined) return pid === undefined ? [] : [holdersHint(pid)];
    this.#holders.update({ snapshot, worker: this.#links.worker });
    return [this.#holders.element];
  }
}

function drawHeadline({ level, text, details }: Headline): HTMLElement[] {
  const lines = details.map((each) => element('p', { text: each, attributes: { class: 'detail' } }));
  return [
    element('div', { attributes: { class: `headline ${level}` } }, [
      element('p', { attributes: { class: 'main', role: 'status' } }, [
        levelSign(level),
        element('span', { text }),
      ]),
      ...lines,
    ]),
  ];
}

function drawNotes(notes: readonly OverviewText[]): HTMLElement[] {
  const items = notes.map(({ level, text }) =>
    element('li', {}, [...(level === 'ok' ? [] : [levelSign(level)]), element('span', { text })]),
  );
  return [element('ul', { attributes: { class: 'notes' } }, items)];
}

function drawDownloads(
  downloads: readonly OverviewDownload[],
  urlOf: (path: string) => string,
): HTMLElement[] {
  const items = downloads.map(({ title, href }) =>
    element('li', {}, [
      element('a', {
        text: title,
        attributes: { href: urlOf(href), download: '', [FOCUS_KEY]: `download ${href}` },
      }),
    ]),
  );
  return [element('ul', { attributes: { class: 'downloads' } }, items)];
}

/** Returns the ID of the process, if the server is that process's own: only then it is a Node process that still runs. */
function processIdOf({ component, facts }: OverviewSubject): string | undefined {
  const pid = facts.find(({ name }) => name === 'Process')?.text;
  return component === undefined && pid !== undefined && /^\d+$/.test(pid) ? pid : undefined;
}

/** Returns whether a download is a path of the page's own server. */
function isOwn({ href }: OverviewDownload): boolean {
  return /^\/(?![\\/])/.test(href);
}
