import type { HttpHandler } from '@heapray/exporter/http';
import type { FromProfilerThread, ToProfilerThread } from '../../protocol/messages.js';
import type { PageQuestion, ProfileType, WantedProfile } from '../../protocol/profiles/profile-requests.js';
import type { ProfileRequests } from './profile-requests.js';

export interface MainThreadRequestsDeps {
  /** Loads what makes profiles. */
  readonly requests: () => Promise<ProfileRequests>;
  /** Loads the pages of this process. */
  readonly pages: () => Promise<ReadonlyMap<string, HttpHandler>>;
  /** Sends a message, and transfers the memory of its arrays. */
  readonly send: (message: FromProfilerThread, transferred: readonly ArrayBuffer[]) => void;
}

type Asked = Extract<ToProfilerThread, { readonly type: 'profile' | 'page' | 'cancel' }>;

/** Identifies the application among the clients of profiles. */
const APPLICATION = 'application';
export const DEFAULT_COLUMNS: Readonly<Record<ProfileType, string>> = {
  heap: 'inuse_space',
  allocs: 'alloc_space',
  peak: 'peak_space',
};

/** Answers the application's requests for profiles, and for pages of the debug server that it serves itself. */
export class MainThreadRequests {
  readonly #deps: MainThreadRequestsDeps;
  readonly #working = new Map<number, AbortController>();
  readonly #answers = new Set<Promise<void>>();

  constructor(deps: MainThreadRequestsDeps) {
    this.#deps = deps;
  }

  receive(asked: Asked): void {
    const { request } = asked;
    if (asked.type === 'cancel') return this.#working.get(request)?.abort();
    const work = new AbortController();
    this.#working.set(request, work);
    const answer =
      asked.type === 'profile'
        ? this.#profile(request, asked.wanted, work.signal)
        : this.#page(request, asked.question, work.signal);
    const done = answer.finally(() => {
      this.#working.delete(request);
      this.#answers.delete(done);
    });
    this.#answers.add(done);
  }

  /** Resolves when all requests so far are answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#answers);
  }

  async #profile(request: number, { type, seconds }: WantedProfile, signal: AbortSignal): Promise<void> {
    try {
      const [{ requested }, { buffersOf, packProfile }] = await Promise.all([
        this.#deps.requests(),
        import('@heapray/exporter/profile'),
      ]);
      const query = {
        defaultColumn: DEFAULT_COLUMNS[type],
        seconds,
        past: undefined,
        collectFirst: false,
        client: APPLICATION,
        // The main thread bounds their number.
        promised: true,
        signal,
        errors: 'comments',
      } as const;
      const made = await requested.make(query, { name: 'profile', encode: (profile) => profile });
      // Requests of one moment share a profile, but not its copy, which is given away.
      const profile = packProfile(made);
      if (!signal.aborted) this.#deps.send({ type: 'profile', request, profile }, buffersOf(profile));
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'it cannot be made';
      if (!signal.aborted) this.#deps.send({ type: 'profile', request, problem }, []);
    }
  }

  async #page(request: number, question: PageQuestion, signal: AbortSignal): Promise<void> {
    const { answerHeaders, answerRequest } = await import('@heapray/exporter/http');
    const { method, path, query, acceptsGzip, ifNoneMatch } = question;
    let pages: ReadonlyMap<string, HttpHandler> = new Map();
    let failure: unknown;
    try {
      pages = await this.#deps.pages();
    } catch (error) {
      failure = error;
    }
    const failing: HttpHandler = () => {
      throw failure;
    };
    const answer = await answerRequest(failure === undefined ? pages : new Map([[path, failing]]), {
      method,
      path,
      query: new URLSearchParams(query),
      client: APPLICATION,
      acceptsGzip,
      authorization: undefined,
      ifNoneMatch,
      signal,
    });
    if (signal.aborted) return;
    // Copy the bytes: others may share them, and what is transferred is gone here.
    const body = typeof answer.body === 'object' ? new Uint8Array(answer.body) : answer.body;
    const transferred = typeof body === 'object' ? [body.buffer] : [];
    const { status = 200 } = answer;
    this.#deps.send({ type: 'page', request, status, headers: answerHeaders(answer), body }, transferred);
  }
}
