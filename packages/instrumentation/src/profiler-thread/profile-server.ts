import type { ProfilerThreadOptions, Served } from '../protocol/messages.js';
import type { Seat } from './group/seat.js';
import type { MemoryHistory } from './history/memory-history.js';
import type { HistoryRecorderDeps } from './history-recorder.js';
import { NOT_ALLOWED } from './live-viewing.js';
import type { ProfileProviderDeps } from './requests/profile-provider.js';
import type { AllLeaks } from './sources/all-leaks.js';

export type ProfileServerOptions = Pick<
  ProfilerThreadOptions,
  'debugAddress' | 'debugServerDelayMillis' | 'allowGc' | 'mayListen' | 'group' | 'groupFolders' | 'pid'
>;

export interface ServerDeps extends Omit<ProfileProviderDeps, 'history'>, HistoryRecorderDeps {
  readonly loop: ProfileProviderDeps['loop'] & HistoryRecorderDeps['loop'];
  readonly leaks: AllLeaks;
  readonly stats: ProfileProviderDeps['stats'] & HistoryRecorderDeps['stats'] & GroupStats;
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
    const { debugAddress, debugServerDelayMillis, allowGc, mayListen, pid } = this.#options;
    if (!debugAddress) return;
    if (!mayListen) throw new Error(NOT_ALLOWED);
    if (debugServerDelayMillis > 0)
      await new Promise<void>((resolve) => setTimeout(resolve, debugServerDelayMillis).unref());
    const [{ debugPages }, { profileProvider }, { HistoryRecorder }, { shareServer, debugRoutes }] =
      await Promise.all([
        import('./server/debug-server.js'),
        import('./requests/profile-provider.js'),
        import('./history-recorder.js'),
        import('./group/index.js'),
      ]);
    if (this.#isClosed) return;
    const provider = profileProvider({ ...deps, history: () => this.#recorder?.history });
    const component = deps.process.name;
    const processes = () => [{ pid, component: component() }, ...(this.#seat?.members ?? [])];
    this.#seat = shareServer({
      kind: 'debug',
      address: debugAddress,
      settings: this.#options,
      component,
      own: debugPages(provider, { allowGc, processes }),
      routes: debugRoutes,
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
