import net from 'node:net';
import type { HttpAnswer } from '@heapray/exporter/http';
import { Channel } from './channel.js';
import type { Frame } from './frames.js';
import { checkSocket } from './group-folder.js';
import {
  type FromMember,
  GROUP_VERSION,
  type GroupProcess,
  helloOf,
  MAX_ANSWER_BYTES,
  type Question,
  readHello,
  recordOf,
} from './messages.js';

/** Makes the answer to a question of the owner; never rejects. */
export type Answering = (question: Question, signal: AbortSignal) => Promise<HttpAnswer>;

/** Reason why a process cannot join; another attempt makes no sense soon. */
export class RefusedError extends Error {}

/** How a membership ended: the owner has gone, or has given up the port for an application. */
export type MembershipEnd = 'gone' | 'port-wanted';

/** Time for the owner's greeting, in ms. */
const HELLO_MILLIS = 5_000;
/** Maximum number of questions in work; an owner asks fewer. */
const MAX_QUESTIONS = 64;

const OTHER_VERSION = 'it has another version of heapray';
const REFUSALS: Readonly<Record<string, string>> = {
  version: OTHER_VERSION,
  full: 'its group is full',
  pid: 'another process of the group has the same process id',
};

/** A process in the group of another. Answers the owner's questions. */
export class Membership {
  /** Resolves when it ends. */
  readonly ended: Promise<MembershipEnd>;
  #owner = 0;
  #others: number | undefined;
  #isMember = false;
  #refused: RefusedError | undefined;
  readonly #answer: Answering;
  readonly #channel: Channel;
  readonly #working = new Map<number, AbortController>();
  #end: MembershipEnd = 'gone';

  private constructor(socket: net.Socket, own: GroupProcess, answer: Answering, greeted: Greeted) {
    this.#answer = answer;
    let onEnd: (end: MembershipEnd) => void = () => {};
    this.ended = new Promise((resolve) => {
      onEnd = resolve;
    });
    let receive = (frame: Frame) => {
      this.#owner = ownerOf(frame);
      receive = (next) => {
        greetedBy(next);
        greeted.joined();
        this.#isMember = true;
        receive = (later) => this.#receive(later);
      };
    };
    // Questions have no bytes.
    this.#channel = new Channel(socket, 0, {
      received: (frame) => {
        try {
          receive(frame);
        } catch (error) {
          if (error instanceof RefusedError) this.#refused = error;
          throw error;
        }
      },
      closed: (why) => {
        for (const work of this.#working.values()) work.abort();
        greeted.failed(this.#refused ?? new Error(why));
        onEnd(this.#end);
      },
    });
    this.#channel.send(helloOf(own));
    setTimeout(() => {
      if (!this.#isMember) this.#channel.close('it did not greet in time');
    }, HELLO_MILLIS).unref();
  }

  /**
   * Joins the group whose owner listens on a socket.
   *
   * @throws RefusedError (rejects) when the owner refuses, Error when there is none
   */
  static async join(path: string, own: GroupProcess, answer: Answering): Promise<Membership> {
    if (!checkSocket(path)) throw new Error('there is no group');
    const socket = await connected(path);
    return new Promise((resolve, reject) => {
      const membership: Membership = new Membership(socket, own, answer, {
        joined: () => resolve(membership),
        failed: (error) => {
          reject(error);
          membership.close();
        },
      });
    });
  }

  /** Process id of the owner. */
  get owner(): number {
    return this.#owner;
  }

  /** Number of other members; undefined while the owner has not told it. Older owners never do. */
  get others(): number | undefined {
    return this.#others;
  }

  rename(component: string): void {
    this.#send({ type: 'component', component });
  }

  /** Asks the owner to give up the port, because this process's application wants it. */
  askForPort(pid: number): void {
    this.#send({ type: 'port-wanted', pid });
  }

  close(): void {
    this.#channel.close('closed');
  }

  #receive({ header }: Frame): void {
    const { type, id, members } = recordOf(header) ?? {};
    if (type === 'port-wanted') {
      this.#end = 'port-wanted';
      return this.close();
    }
    if (type === 'members' && Number.isSafeInteger(members)) this.#others = (members as number) - 1;
    if (typeof id !== 'number') return;
    if (type === 'cancel') this.#working.get(id)?.abort();
    if (type === 'ask') void this.#work(id, questionOf(header));
  }

  async #work(id: number, question: Question | undefined): Promise<void> {
    if (question === undefined || this.#working.size >= MAX_QUESTIONS) return;
    const work = new AbortController();
    this.#working.set(id, work);
    const answer = await this.#answer(question, work.signal);
    this.#working.delete(id);
    if (work.signal.aborted) return;
    const { status = 200, type, headers = {}, bytes } = sendable(answer);
    this.#send({ type: 'answer', id, status, mediaType: type, headers }, bytes);
  }

  #send(message: FromMember, body?: Uint8Array): void {
    this.#channel.send(message, body);
  }
}

/** Returns an answer with its body as bytes; an error if they are too many, because the owner would end the membership. */
function sendable({ body = '', ...answer }: HttpAnswer): Omit<HttpAnswer, 'body'> & { bytes: Uint8Array } {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (bytes.length <= MAX_ANSWER_BYTES) return { ...answer, bytes };
  const what = `the answer of ${bytes.length} bytes is longer than ${MAX_ANSWER_BYTES} bytes; ask the process alone\n`;
  return { status: 500, type: 'text/plain; charset=utf-8', bytes: Buffer.from(what) };
}

interface Greeted {
  joined(): void;
  failed(error: Error): void;
}

function ownerOf({ header }: Frame): number {
  const hello = readHello(header);
  if (hello === undefined) throw new Error('the socket does not speak the protocol of a group');
  if (hello.version !== GROUP_VERSION) throw new RefusedError(OTHER_VERSION);
  return hello.pid;
}

/** Throws unless the owner takes this process in. */
function greetedBy({ header }: Frame): void {
  const { type, reason } = recordOf(header) ?? {};
  if (type === 'refused') throw new RefusedError(REFUSALS[`${reason}`] ?? 'it refuses this process');
  if (type !== 'welcome') throw new Error('the socket does not speak the protocol of a group');
}

function questionOf(header: unknown): Question | undefined {
  const { path, query, client, acceptsGzip, authorization } = recordOf(header) ?? {};
  if (typeof path !== 'string' || typeof query !== 'string' || typeof client !== 'string') return undefined;
  const sent = typeof authorization === 'string' ? authorization : undefined;
  return { path, query, client, acceptsGzip: acceptsGzip === true, authorization: sent };
}

function connected(path: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    socket.unref();
    const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), HELLO_MILLIS).unref();
    socket.once('error', reject);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}
