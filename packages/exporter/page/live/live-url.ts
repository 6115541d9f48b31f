import type { LiveState } from './hash.ts';
import { NOW } from './hash.ts';

/** A profile that a server makes. */
export interface ProfileChoice {
  readonly name: string;
  readonly title: string;
  /** Parameters of the request. */
  readonly query: Readonly<Record<string, string>>;
  /** Time that the server needs to record it, in seconds. */
  readonly seconds: number;
}

/** Time that a difference covers at first. */
const USUAL_MILLIS = 5 * 60_000;
/** Time at the start in which everything grows. */
const WARM_UP_MILLIS = 60_000;

/** Profiles to choose from, the usual one first. */
export const PROFILE_CHOICES: readonly ProfileChoice[] = [
  { name: 'heap', title: 'In use now', query: { name: 'heap' }, seconds: 0 },
  { name: 'allocs', title: 'Allocated since the start', query: { name: 'allocs' }, seconds: 0 },
  { name: 'peak', title: 'In use at the peak', query: { name: 'peak' }, seconds: 0 },
  {
    name: 'next10',
    title: 'Change over the next 10 s',
    query: { name: 'heap', seconds: '10' },
    seconds: 10,
  },
  {
    name: 'next60',
    title: 'Change over the next 60 s',
    query: { name: 'heap', seconds: '60' },
    seconds: 60,
  },
];

/** Returns the choice of a state. */
export function choiceOf({ choice }: LiveState): ProfileChoice {
  return PROFILE_CHOICES.find(({ name }) => name === choice) ?? PROFILE_CHOICES[0]!;
}

/** Returns the folder of the page's data: beside the page, which may be behind a proxy that adds folders. */
export function dataFolder(page: string): string {
  const url = new URL(page);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}/`;
}

/** Returns the URL of a path of the server, which has the same folders before it as the page. */
export function serverUrl(folder: string, path: string): string {
  return `${folder.replace(/\/debug\/ui\/$/, '')}${path}`;
}

/** Returns the URL of a profile of a component; undefined for a server without components. */
export function profileUrl(folder: string, choice: ProfileChoice, component: string | undefined): string {
  return withQuery(`${folder}profile.json`, { ...choice.query, component });
}

/**
 * Returns the URL of a difference: between two components, or between two moments. Undefined without an earlier moment.
 *
 * @param moments ascending, in ms since the Unix epoch
 */
export function differenceUrl(
  folder: string,
  { before, after, other }: LiveState,
  component: string | undefined,
  moments: readonly number[],
): string | undefined {
  const url = `${folder}diff.json`;
  if (other !== '') return withQuery(url, { component, other });
  const first = before === '' ? usualMoment(moments) : Number(before);
  if (first === undefined || !Number.isFinite(first)) return undefined;
  return withQuery(url, { before: `${first}`, after: after === '' ? NOW : after, component });
}

/**
 * Returns the moment to compare with at first: about 5 minutes before `nowMillis`. It is after the first minute, if there is
 * one, because since the start everything has grown.
 */
export function usualMoment(moments: readonly number[], nowMillis: number = Date.now()): number | undefined {
  const [first = 0] = moments;
  const distance = (millis: number): number => Math.abs(millis - (nowMillis - USUAL_MILLIS));
  const later = moments.filter((millis) => millis >= first + WARM_UP_MILLIS);
  return later.sort((a, b) => distance(a) - distance(b))[0] ?? moments.at(-1);
}

function withQuery(url: string, query: Readonly<Record<string, string | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  return `${url}?${parameters}`;
}
