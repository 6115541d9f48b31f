import { setTimeout as delay } from 'node:timers/promises';
import type { ExporterDescription } from '@heapray/exporter/export';
import { addressText, type ListenAddress } from '@heapray/exporter/http';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandError } from '../errors.js';
import { note } from '../io/note.js';
import { writeJson, writeStdout } from '../outputs/stdout.js';
import { installedMemray } from '../watch/hints.js';
import { collectAll, IdleCollector } from '../watch/idle-collector.js';
import { LiveContent } from '../watch/overview/live-content.js';
import type { ProfilePush } from '../watch/profiles/profile-push.js';
import { parseListenAddress } from '../watch/server/listen-address.js';
import { startWatchServer } from '../watch/server/watch-server.js';
import { watchReport, watchTable } from '../watch/watch-report.js';
import { Watcher } from '../watch/watcher.js';
import { maxMemoryOption, maxSecondsOption, positiveInteger } from './options.js';

interface WatchOptions {
  readonly listen: ListenAddress;
  readonly otlp?: URL | true;
  readonly profilesExporter?: readonly ExporterDescription['kind'][];
  readonly profilesInterval: number;
  readonly profilesFolder: string;
  readonly interval: number;
  readonly sites: number;
  readonly maxLive: number;
  readonly once?: true;
  readonly json?: true;
}

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 9465 };
const DEFAULT_SITES = 20;
/** Default for allocations alive at once, which take up to 512 MiB. */
const DEFAULT_MAX_LIVE = 2 ** 23;
const STALL_MILLIS = 10_000;
/** Time in which a running program writes to its capture at least a few times, in ms. */
const GROWTH_MILLIS = 500;

export function addWatch(program: Command): void {
  program
    .command('watch')
    .summary('follow memray captures while they grow')
    .description(
      'Follows memray captures while their programs write them, such as those of Airflow in $AIRFLOW_HOME. Serves ' +
        '/metrics for Prometheus and /debug/pprof/ for pprof viewers. In a folder, follows each ' +
        '<component>_memory.bin, also those that appear later.',
    )
    .argument('<path...>', 'folders and captures')
    .addOption(
      new Option('--listen <host:port>', 'address to serve on; port 0 for any free port')
        .argParser(listenAddress)
        .default(DEFAULT_LISTEN, addressText(DEFAULT_LISTEN)),
    )
    .option(
      '--otlp [url]',
      'also send metrics each minute by OTLP over HTTP; OTEL_EXPORTER_OTLP_* apply',
      otlpUrl,
    )
    .option(
      '--profiles-exporter <list>',
      'also send the profile of each component: otlp, pyroscope or file, or several with commas',
      exporterKinds,
    )
    .option('--profiles-interval <seconds>', 'time between two of these', seconds, 60)
    .option('--profiles-folder <folder>', 'where the exporter file writes', 'heapray-profiles')
    .option('--interval <seconds>', 'time between reads', seconds, 1)
    .option(
      '--sites <count>',
      'number of call sites per capture with their own series',
      positiveInteger,
      DEFAULT_SITES,
    )
    .option(
      '--max-live <count>',
      'limit of allocations alive at once in a capture',
      positiveInteger,
      DEFAULT_MAX_LIVE,
    )
    .option('--once', 'read the captures once, print a summary, and exit')
    .option('--json', 'with --once: print JSON')
    .addOption(maxMemoryOption('with --once: '))
    .addOption(maxSecondsOption('with --once: '))
    .action(watch);
}

function listenAddress(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address === undefined) throw new InvalidArgumentError('Must be HOST:PORT, for example 127.0.0.1:9465.');
  return address;
}

function otlpUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('Must be an http or https URL, for example http://127.0.0.1:4318.');
  }
  return url;
}

const EXPORTER_KINDS: readonly ExporterDescription['kind'][] = ['otlp', 'pyroscope', 'file'];

function exporterKinds(text: string): readonly ExporterDescription['kind'][] {
  return text.split(',').map((name) => {
    const kind = EXPORTER_KINDS.find((one) => one === name.trim());
    if (kind === undefined) throw new InvalidArgumentError(`Must be a list of ${EXPORTER_KINDS.join(', ')}.`);
    return kind;
  });
}

function seconds(text: string): number {
  const value = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value < 0.01) throw new InvalidArgumentError('Must be a number of seconds from 0.01.');
  return value;
}

async function watch(paths: readonly string[], options: WatchOptions): Promise<void> {
  const watcher = new Watcher({
    paths,
    limits: { maxLive: options.maxLive },
    maxCallSites: options.sites,
    clock: Date.now,
    stallMillis: STALL_MILLIS,
    note,
  });
  if (options.once) await reportOnce(watcher, options);
  else await serve(watcher, options);
}

async function reportOnce(watcher: Watcher, { json }: WatchOptions): Promise<void> {
  watcher.memray = await installedMemray();
  while (await watcher.poll({ quiet: true }));
  // A program in another container is running if its capture grows.
  if (watcher.captures.some(({ follower }) => follower.state === 'following')) await delay(GROWTH_MILLIS);
  while (await watcher.poll({ final: true }));
  await watcher.close();
  const { captures, hints, problems } = watcher;
  if (json) await writeJson(watchReport(captures, hints));
  else if (captures.length > 0) await writeStdout([watchTable(captures)]);
  const unread = captures.filter(({ follower }) => follower.run === undefined);
  if (problems.length + unread.length === 0) return;
  // Each file was reported with its reason. For a single unreadable file, the last line repeats the reason.
  const [only] = problems.length + unread.length === 1 ? unread : [];
  const isUnreadable = only?.follower.state === 'unreadable';
  const reason = isUnreadable ? ` (${only!.follower.path}: ${only!.follower.reason})` : '';
  throw new CommandError(`not all could be read${reason}`);
}

async function serve(watcher: Watcher, options: WatchOptions): Promise<void> {
  const { listen, otlp, interval } = options;
  const stop = new AbortController();
  // Loaded on demand: no other command needs the SDK.
  const { startWatchMetrics } = await import('../watch/metrics/watch-metrics.js');
  const { page, push } = await startWatchMetrics(watcher, { otlp, note });
  const profilePush = await startProfilePush(watcher, options);
  const live = new LiveContent(watcher);
  const server = await startWatchServer(listen, watcher, page, live);
  // Register before the address is printed: a reader of that line may send a signal at once.
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const url = `http://${addressText(server.address)}`;
  note(`metrics on ${url}/metrics, profiles on ${url}/debug/pprof/, a live page on ${url}/debug/ui`);
  const asked = installedMemray(stop.signal).then((release) => {
    watcher.memray = release;
  });
  const collector = new IdleCollector({ collect: collectAll, clock: () => performance.now() });
  try {
    while (!stop.signal.aborted) {
      const hasUnread = await watcher.poll();
      live.record(Date.now());
      if (watcher.polls === 1) push?.send();
      if (!hasUnread && !watcher.isBusy) collector.collectIfWorthwhile(watcher.workDone);
      if (!hasUnread) await delay(interval * 1000, undefined, { signal: stop.signal }).catch(() => {});
    }
  } finally {
    // Also after an error: the server would keep the process alive with old data.
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
    stop.abort();
    server.close();
    await Promise.all([push?.close(), profilePush?.close()]);
    await watcher.close();
    await asked;
  }
  if (push?.isSending) process.exit();
}

/** Starts to export profiles; undefined unless wanted. */
async function startProfilePush(
  watcher: Watcher,
  { profilesExporter: kinds, profilesInterval, profilesFolder: folder }: WatchOptions,
): Promise<ProfilePush | undefined> {
  if (kinds === undefined) return undefined;
  // Loaded on demand, as the SDK is.
  const { ProfilePush } = await import('../watch/profiles/profile-push.js');
  const push = new ProfilePush(watcher, { kinds, intervalMillis: profilesInterval * 1000, folder, note });
  push.start();
  return push;
}
