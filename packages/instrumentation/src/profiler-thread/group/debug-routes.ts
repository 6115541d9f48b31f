import {
  type HttpAnswer,
  HttpError,
  type HttpHandler,
  type HttpRequest,
  jsonAnswer,
  readAddresses,
} from '@heapray/exporter/http';
import { type GatherDeps, Gatherer, type Routes } from './gather.js';
import { snapshotAnswer } from './snapshot-answer.js';

/** Time for a process to answer, in ms, beyond the seconds that a profile takes: the CPU budget may make it wait. */
const PROFILE_MILLIS = 10_000;
const OVERVIEW_MILLIS = 4_000;

const UI = '/debug/ui/';
const PPROF = /^\/debug\/pprof\/(?!ui$)[a-z]+$/;

/**
 * Returns the pages of a group, made of the pages of its processes: profiles are merged, or with `pid` those of one
 * process; the live page has a subject for each process, and its `component` is a process id. While there is only one
 * process, they are the pages of that.
 */
export function debugRoutes(deps: GatherDeps): Routes {
  const gatherer = new Gatherer(deps);
  const routes = new Map<string, HttpHandler>();
  for (const [path, own] of deps.own) {
    const handler = handlerFor(path, gatherer);
    routes.set(path, handler === undefined ? own : withGroup(own, handler, gatherer));
  }
  return routes;
}

function withGroup(own: HttpHandler, handler: HttpHandler, gatherer: Gatherer): HttpHandler {
  return (request) => {
    const isAlone = !gatherer.isShared && !request.query.has('pid');
    // For HEAD nothing is made, so that one process can answer.
    return isAlone || request.method === 'HEAD' ? own(request) : handler(request);
  };
}

function handlerFor(path: string, gatherer: Gatherer): HttpHandler | undefined {
  if (PPROF.test(path)) return (request) => profileAnswer(request, gatherer);
  if (path === `${UI}overview.json`) return (request) => overviewAnswer(request, gatherer);
  if (path === `${UI}profile.json`) return (request) => ofProcess(request, 'component', gatherer);
  if (path === `${UI}diff.json`) return (request) => differenceAnswer(request, gatherer);
  if (path === '/debug/heapsnapshot') return (request) => snapshotOf(request, gatherer);
  return undefined;
}

async function profileAnswer(request: HttpRequest, gatherer: Gatherer): Promise<HttpAnswer> {
  if (request.query.has('pid')) return ofProcess(request, 'pid', gatherer);
  const answers = await gatherer.all(request, millisFor(request));
  const asText = ![null, '0'].includes(request.query.get('debug'));
  const { mergedProfile, mergedText } = await import('./merge/merged-profile.js');
  if (asText) return mergedText(answers);
  return mergedProfile(answers, () => gatherer.missed(), { addresses: readAddresses(request) });
}

async function overviewAnswer(request: HttpRequest, gatherer: Gatherer): Promise<HttpAnswer> {
  const answers = await gatherer.all({ ...request, acceptsGzip: false }, OVERVIEW_MILLIS);
  const { mergedOverview } = await import('./merge/merged-overview.js');
  const overview = mergedOverview(answers, () => gatherer.missed());
  return overview === undefined ? answers[0]!.answer : jsonAnswer(request, overview);
}

/** Answers as the process that a parameter names; without it, as this one. */
function ofProcess(request: HttpRequest, parameter: string, gatherer: Gatherer): Promise<HttpAnswer> {
  return asProcess(request, parameter, gatherer, (pid, own) => gatherer.one(pid, own, millisFor(request)));
}

function snapshotOf(request: HttpRequest, gatherer: Gatherer): Promise<HttpAnswer> {
  return asProcess(request, 'pid', gatherer, (pid, own) => snapshotAnswer(pid, own, gatherer));
}

async function asProcess(
  request: HttpRequest,
  parameter: string,
  gatherer: Gatherer,
  ask: (pid: number, own: HttpRequest) => Promise<HttpAnswer | undefined>,
): Promise<HttpAnswer> {
  const pid = await readProcess(request.query, parameter, gatherer);
  const query = new URLSearchParams(request.query);
  query.delete(parameter);
  const answer = await ask(pid, { ...request, query });
  if (answer === undefined) throw unknown(parameter, gatherer);
  return answer;
}

async function differenceAnswer(request: HttpRequest, gatherer: Gatherer): Promise<HttpAnswer> {
  if (!request.query.has('other')) return ofProcess(request, 'component', gatherer);
  const pids = await Promise.all(
    ['component', 'other'].map((each) => readProcess(request.query, each, gatherer)),
  );
  const wanted = { ...request, path: '/debug/pprof/heap', query: new URLSearchParams() };
  const answers = await Promise.all(pids.map((pid) => gatherer.one(pid, wanted, PROFILE_MILLIS)));
  const [before, after] = answers;
  if (before === undefined || after === undefined) throw unknown('component, other', gatherer);
  for (const answer of [before, after]) if ((answer.status ?? 200) !== 200) return answer;
  const { comparison } = await import('./merge/merged-profile.js');
  return jsonAnswer(
    request,
    comparison(
      [before, after],
      pids.map((pid) => `process ${pid}`),
    ),
  );
}

async function readProcess(query: URLSearchParams, parameter: string, gatherer: Gatherer): Promise<number> {
  const value = query.get(parameter);
  if (value === null) return gatherer.processes[0]!.pid;
  await gatherer.rejoined;
  const process = gatherer.processes.find(({ pid }) => `${pid}` === value);
  if (process === undefined) throw unknown(parameter, gatherer);
  return process.pid;
}

function unknown(parameter: string, { processes }: Gatherer): HttpError {
  const pids = processes.map(({ pid }) => pid).join(', ');
  return new HttpError(404, `${parameter}: no process of that id is here; expected one of ${pids}`);
}

function millisFor({ query }: HttpRequest): number {
  const seconds = Number(query.get('seconds') ?? 0);
  return PROFILE_MILLIS + (seconds > 0 ? seconds * 1000 : 0);
}
