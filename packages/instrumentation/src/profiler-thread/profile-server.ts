import type { HttpHandler } from '@heapray/exporter/http';
import type { ProfilerThreadOptions, Served } from '../protocol/messages.js';
import type { Seat } from './group/seat.js';
import type { MemoryHistory } from './history/memory-history.js';
import type { HistoryRecorderDeps } from './history-recorder.js';
import { NOT_ALLOWED } from './live-viewing.js';
import type { SnapshotTaker } from './polling/heap-poller.js';
import type { ProfileProviderDeps } from './requests/profile-provider.js';
import type { ProfileRequests } from './requests/profile-requests.js';
import type { HeapSnapshotsDeps } from './snapshots/heap-snapshots.js';
import type { AllLeaks } from './sources/all-leaks.js';

export type ProfileServerOptions = Pick<
  ProfilerThreadOptions,
  | 'debugAddress'
  | 'debugServerDelayMillis'
  | 'debugToken'
  | 'allowGc'
  | 'heapSnapshots'
  | 'home'
  | 'mayListen'
  | 'group'
  | 'groupFolders'
  | 'pid'
>;

export interface PagesDeps extends Omit<ProfileProviderDeps, 'history'>, HistoryRecorderDeps {
  /** Loads what makes profiles for all requests of the process. */
  readonly requests: () => Promise<ProfileRequests>;
  readonly loop: ProfileProviderDeps['loop'] & HistoryRecorderDeps['loop'];
  readonly leaks: AllLeaks;
  readonly stats: ProfileProviderDeps['stats'] & HistoryRecorderDeps['stats'] & GroupStats;
  /** The session that takes heap snapshots of the main thread. */
  readonly snapshots: SnapshotTaker & Pick<HeapSnapshotsDeps, 'heapUsage'>;
}

export interface ServerDeps extends PagesDeps {
  readonly log: (level: 'debug' | 'info' | 'warn', text: string) => void;
  /** Called when it is known who serves this process, and each time that this changes. */
  readonly changed: (served: Served) => void;
}

interface GroupStats {
  drop(reason: 'group_answer' | 'group_member'): void;
}

/** The debug server, if it is enabled. Its code is loaded only then. */
export class ProfileServer {
  readonly #options: ProfileServerOptions;
  #seat: Seat | undefined;
  /** Pages for a server of the application. */
  #pages: Promise<ReadonlyMap<string, HttpHandler>> | undefined;
  #recorder: { stop(): void; readonly history: MemoryHistory } | undefined;
  #isClosed = false;

  constructor(options: ProfileServerOptions) {
    this.#options = options;
  }

  /**
   * Starts to serve, or joins the process that has the port.
   *
   * @throws (rejects) when it may not listen
   */
  async start(deps: ServerDeps): Promise<void> {
    const { debugAddress, debugServerDelayMillis, debugToken: token, mayListen } = this.#options;
    if (!debugAddress) return;
    if (!mayListen) throw new Error(NOT_ALLOWED);
    if (debugServerDelayMillis > 0)
      await new Promise<void>((resolve) => setTimeout(resolve, debugServerDelayMillis).unref());
    const [{ HistoryRecorder }, { shareServer, debugRoutes }, { withToken }, pages] = await Promise.all([
      import('./history-recorder.js'),
      import('./group/index.js'),
      import('@heapray/exporter/http'),
      this.#servedPages(deps),
    ]);
    if (this.#isClosed) return;
    this.#seat = shareServer({
      kind: 'debug',
      address: debugAddress,
      settings: this.#options,
      component: deps.process.name,
      // Each process of a group checks the token, so that none is shown by another without one.
      own: withToken(pages, token),
      routes: (group) => withToken(debugRoutes(group), token),
      stats: deps.stats,
      log: deps.log,
      changed: (served) => {
        if (this.#isClosed) return;
        if (served.by === 'none') this.#stopRecorder();
        else this.#recorder ??= new HistoryRecorder(deps);
        deps.changed(served);
      },
    });
    await this.#seat.start();
  }

  /**
   * Returns the pages of this process, for a server of the application. They need no token. Records the recent past from
   * now on.
   */
  async pages(deps: PagesDeps): Promise<ReadonlyMap<string, HttpHandler>> {
    const [pages, { HistoryRecorder }] = await Promise.all([
      this.#ownPages(deps),
      import('./history-recorder.js'),
    ]);
    if (!this.#isClosed) this.#recorder ??= new HistoryRecorder(deps);
    return pages;
  }

  #ownPages(deps: PagesDeps): Promise<ReadonlyMap<string, HttpHandler>> {
    this.#pages ??= this.#makePages(deps, false);
    return this.#pages;
  }

  /** Returns the pages of the debug server. Only it takes heap snapshots: they are too long for messages between threads. */
  async #servedPages(deps: ServerDeps): Promise<ReadonlyMap<string, HttpHandler>> {
    const { heapSnapshots, home, pid } = this.#options;
    const [pages, { snapshotPages }] = await Promise.all([
      this.#makePages(deps, heapSnapshots),
      import('./server/snapshot-pages.js'),
    ]);
    if (!heapSnapshots) return new Map([...pages, ...snapshotPages(undefined, pid)]);
    const { HeapSnapshots } = await import('./snapshots/heap-snapshots.js');
    const snapshots = new HeapSnapshots({
      pid,
      folder: home,
      heapUsage: () => deps.snapshots.heapUsage(),
      takeSnapshot: (onPiece) => deps.snapshots.takeSnapshot(onPiece),
      addPause: (millis) => deps.stats.addPause(millis),
      log: deps.log,
    });
    return new Map([...pages, ...snapshotPages(snapshots, pid)]);
  }

  async #makePages(deps: PagesDeps, offersSnapshots: boolean): Promise<ReadonlyMap<string, HttpHandler>> {
    const { allowGc, pid } = this.#options;
    const [{ debugPages }, { profileProvider }, requests] = await Promise.all([
      import('./server/debug-pages.js'),
      import('./requests/profile-provider.js'),
      deps.requests(),
    ]);
    const history = () => this.#recorder?.history;
    const provider = profileProvider({ ...deps, history, offersSnapshots }, requests);
    const component = deps.process.name;
    const processes = () => [{ pid, component: component() }, ...(this.#seat?.members ?? [])];
    return debugPages(provider, { allowGc, processes });
  }

  /** Sends the present name of the component to the group. */
  rename(): void {
    this.#seat?.rename();
  }

  /** Frees the port for the application, also if another process has it. */
  async yieldPort(): Promise<void> {
    this.#isClosed = true;
    this.#stopRecorder();
    await this.#seat?.yieldPort();
  }

  /** Closes it for good. */
  close(): void {
    this.#isClosed = true;
    this.#stopRecorder();
    this.#seat?.close();
  }

  /** Stops recording the past, which asks the main thread for its memory: no page shows it. */
  #stopRecorder(): void {
    this.#recorder?.stop();
    this.#recorder = undefined;
  }
}
