import { answerRequest, type HttpAnswer, type HttpHandler, type HttpRequest } from '@heapray/exporter/http';
import type { Answering } from './group-member.js';
import type { Member } from './group-owner.js';
import type { GroupProcess } from './messages.js';
import type { GroupView } from './seat.js';

export type Routes = ReadonlyMap<string, HttpHandler>;

export interface GatherDeps {
  /** Pages of this process alone. */
  readonly own: Routes;
  readonly self: () => GroupProcess;
  readonly group: GroupView;
  /** Called for each answer that is left out: it did not come in time, or cannot be read. */
  readonly missed: () => void;
}

/** The answer of a process of the group. */
export interface Gathered extends GroupProcess {
  /** Number of the process in the group; 0 for this one. */
  readonly id: number;
  readonly answer: HttpAnswer;
}

/** Status in place of an answer that has not come. */
export const BAD_GATEWAY = 502;

/** Makes the answers of this process to questions of an owner. */
export function answeringFrom(own: Routes): Answering {
  return ({ path, query, client, acceptsGzip, authorization }, signal) =>
    answerRequest(own, {
      method: 'GET',
      path,
      query: new URLSearchParams(query),
      client,
      acceptsGzip,
      authorization,
      ifNoneMatch: undefined,
      signal,
    });
}

/** Asks the processes of a group, this one included. */
export class Gatherer {
  readonly #deps: GatherDeps;

  constructor(deps: GatherDeps) {
    this.#deps = deps;
  }

  get isShared(): boolean {
    return this.#deps.group.isShared;
  }

  /** Resolves when the processes are complete. */
  get rejoined(): Promise<void> {
    return this.#deps.group.rejoined;
  }

  /** All processes, this one first. */
  get processes(): readonly GroupProcess[] {
    return [this.#deps.self(), ...this.#deps.group.members];
  }

  /** Asks all processes; `millis` is the time limit for each. Answers with an error are included. Never rejects. */
  async all(request: HttpRequest, millis: number): Promise<Gathered[]> {
    const { self, group } = this.#deps;
    await this.rejoined;
    return Promise.all([
      this.#own(request).then((answer): Gathered => ({ id: 0, ...self(), answer })),
      ...group.members.map((member) => this.#ask(member, request, millis)),
    ]);
  }

  /** Asks one process; undefined when it is not in the group. */
  async one(pid: number, request: HttpRequest, millis: number): Promise<HttpAnswer | undefined> {
    if (pid === this.#deps.self().pid) return this.#own(request);
    await this.rejoined;
    const member = this.#deps.group.members.find((each) => each.pid === pid);
    return member && (await this.#ask(member, request, millis)).answer;
  }

  /** Counts an answer that cannot be used. */
  missed(): void {
    this.#deps.missed();
  }

  #own(request: HttpRequest): Promise<HttpAnswer> {
    return answerRequest(this.#deps.own, request);
  }

  async #ask(member: Member, request: HttpRequest, millis: number): Promise<Gathered> {
    const { id, pid, component } = member;
    const { path, query, client, acceptsGzip, authorization, signal } = request;
    try {
      const question = { path, query: `${query}`, client, acceptsGzip, authorization };
      return { id, pid, component, answer: await member.ask(question, millis, signal) };
    } catch (error) {
      if (!signal.aborted) this.#deps.missed();
      const body = `process ${pid}: ${(error as Error).message}\n`;
      return { id, pid, component, answer: { status: BAD_GATEWAY, type: 'text/plain; charset=utf-8', body } };
    }
  }
}

/** Returns whether an answer is the page that was asked for. */
export function isPage({ answer: { status = 200, body } }: Gathered): boolean {
  return status === 200 && body !== undefined;
}

/** Returns the text of an answer. */
export function textOf({ body = '' }: HttpAnswer): string {
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.length).toString();
}

/** Returns the bytes of an answer. */
export function bytesOf({ body = '' }: HttpAnswer): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}
