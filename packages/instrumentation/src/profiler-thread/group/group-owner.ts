import { once } from 'node:events';
import { existsSync, unlinkSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import type { HttpAnswer } from '@heapray/exporter/http';
import { Channel } from './channel.js';
import type { Frame } from './frames.js';
import { checkSocket, isPipe, makeSocketFolder } from './group-folder.js';
import {
  type FromOwner,
  GROUP_VERSION,
  type GroupProcess,
  helloOf,
  MAX_ANSWER_BYTES,
  type Question,
  type RefusalReason,
  readHello,
  recordOf,
} from './messages.js';

/** A process in the group of another, as its owner sees it. */
export interface Member extends GroupProcess {
  /** Number that no other member of this owner has or had. */
  readonly id: number;
  /**
   * Asks the process for one of its pages.
   *
   * @param millis time limit
   * @throws Error (rejects) when it does not answer in time, or leaves
   */
  ask(question: Question, millis: number, signal: AbortSignal): Promise<HttpAnswer>;
}

export interface GroupOwnerHandlers {
  /** Called when a process was refused, or was cut because of a wrong message. */
  dropped(why: string): void;
  joined(member: Member): void;
  /** Called when the application of a member wants the port. */
  portWanted(pid: number): void;
}

/** Maximum number of members. */
export const MAX_MEMBERS = 64;
/** Maximum number of connections that have not greeted. */
const MAX_STRANGERS = 16;
/** Time for the greeting of a new connection, in ms. */
const HELLO_MILLIS = 5_000;
/** Interval of checks that the socket is still in its folder, in ms: temporary folders are tidied. */
const CHECK_MILLIS = 10_000;

/** The side of a group that has the port: accepts members, and asks them. */
export class GroupOwner {
  readonly #own: GroupProcess;
  readonly #path: string;
  readonly #handlers: GroupOwnerHandlers;
  readonly #members = new Map<number, MemberChannel>();
  readonly #strangers = new Set<Channel>();
  readonly #check: NodeJS.Timeout;
  #server: net.Server | undefined;
  #nextId = 1;
  #isClosed = false;
  #isTelling = false;

  private constructor(path: string, own: GroupProcess, handlers: GroupOwnerHandlers) {
    this.#path = path;
    this.#own = own;
    this.#handlers = handlers;
    this.#check = setInterval(() => void this.#keepSocket(), CHECK_MILLIS).unref();
  }

  /**
   * Opens the socket. Call only while holding the port: the socket of an owner that has ended is replaced. If that fails,
   * it is reported as dropped and tried again. Never rejects.
   */
  static async open(path: string, own: GroupProcess, handlers: GroupOwnerHandlers): Promise<GroupOwner> {
    const owner = new GroupOwner(path, own, handlers);
    await owner.#tryToListen();
    return owner;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** Closes the socket at once, so that no process joins any more. The members stay. */
  closeSocket(): void {
    this.#isClosed = true;
    clearInterval(this.#check);
    this.#server?.close();
  }

  /**
   * Closes the socket and leaves the members to each other.
   *
   * @param last message to each of them
   */
  close(last?: FromOwner): void {
    this.closeSocket();
    for (const channel of this.#strangers) channel.close('closed');
    for (const member of this.#members.values()) member.leave(last);
    this.#members.clear();
  }

  async #listen(): Promise<void> {
    if (!isPipe(this.#path)) {
      // A tidied folder for temporary files has lost the folder too.
      makeSocketFolder(this.#path);
      if (checkSocket(this.#path)) unlinkSync(this.#path);
    }
    const server = net.createServer((socket) => this.#accept(socket));
    // Exclusive: in a worker of `cluster`, the primary would listen instead.
    server.listen({ path: this.#path, exclusive: true });
    await once(server, 'listening');
    server.on('error', () => {});
    server.unref();
    this.#server = server;
    if (this.#isClosed) server.close();
  }

  async #tryToListen(): Promise<void> {
    try {
      await this.#listen();
    } catch (error) {
      this.#handlers.dropped(`other processes cannot join: ${(error as Error).message}`);
    }
  }

  /** Opens the socket again if it is gone. Never rejects. */
  async #keepSocket(): Promise<void> {
    const isThere = isPipe(this.#path) ? this.#server?.listening : existsSync(this.#path);
    if (isThere) return;
    this.#server?.close();
    await this.#tryToListen();
  }

  #accept(socket: Socket): void {
    if (this.#isClosed || this.#strangers.size >= MAX_STRANGERS) {
      socket.on('error', () => {});
      socket.destroy();
      this.#handlers.dropped('too many connections');
      return;
    }
    let receive = (frame: Frame) => {
      receive = this.#greeted(channel, frame) ?? receive;
      clearTimeout(timer);
      this.#strangers.delete(channel);
    };
    const channel: Channel = new Channel(socket, MAX_ANSWER_BYTES, {
      received: (frame) => receive(frame),
      closed: (why) => {
        clearTimeout(timer);
        if (this.#strangers.delete(channel)) this.#handlers.dropped(why);
        else this.#left(channel, why);
      },
    });
    const timer = setTimeout(() => channel.close('it did not greet in time'), HELLO_MILLIS).unref();
    this.#strangers.add(channel);
  }

  /** Returns the receiver of later messages; undefined when the process is refused. */
  #greeted(channel: Channel, { header }: Frame): ((frame: Frame) => void) | undefined {
    const hello = readHello(header);
    if (hello === undefined) throw new Error('it does not speak the protocol of a group');
    channel.send(helloOf(this.#own));
    const reason = this.#refusal(hello.version, hello.pid);
    if (reason !== undefined) {
      this.#handlers.dropped(`process ${hello.pid} was refused: ${reason}`);
      channel.end({ type: 'refused', reason } satisfies FromOwner);
      return () => {};
    }
    channel.send({ type: 'welcome' } satisfies FromOwner);
    const member = new MemberChannel(this.#nextId++, hello, channel);
    this.#members.set(member.id, member);
    this.#tellMembers();
    this.#handlers.joined(member);
    return (frame) => {
      const wanted = member.receive(frame);
      if (wanted) this.#handlers.portWanted(member.pid);
    };
  }

  #refusal(version: number, pid: number): RefusalReason | undefined {
    if (version !== GROUP_VERSION) return 'version';
    if (this.#members.size >= MAX_MEMBERS) return 'full';
    // In containers that share a folder and an address, processes may have equal ids: series would clash.
    const isTaken = pid === this.#own.pid || this.members.some((member) => member.pid === pid);
    return isTaken ? 'pid' : undefined;
  }

  #left(channel: Channel, why: string): void {
    for (const member of this.#members.values()) {
      if (member.channel !== channel) continue;
      this.#members.delete(member.id);
      member.gone(why);
      this.#tellMembers();
    }
  }

  /** Tells all members how many they are, once for all changes in a turn of the event loop. */
  #tellMembers(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      const message: FromOwner = { type: 'members', members: this.#members.size };
      for (const { channel } of this.#members.values()) channel.send(message);
    });
  }
}

const CLIENT_GONE = 'the client has disconnected';

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

class MemberChannel implements Member {
  readonly id: number;
  readonly pid: number;
  component: string;
  readonly channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  #nextQuestion = 1;

  constructor(id: number, { pid, component }: GroupProcess, channel: Channel) {
    this.id = id;
    this.pid = pid;
    this.component = component;
    this.channel = channel;
  }

  ask(question: Question, millis: number, signal: AbortSignal): Promise<HttpAnswer> {
    const id = this.#nextQuestion++;
    return new Promise<HttpAnswer>((resolve, reject) => {
      if (this.channel.isClosed) return reject(new Error('it has left'));
      // An already aborted signal fires no event.
      if (signal.aborted) return reject(new Error(CLIENT_GONE));
      const end = (settle: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(id);
        settle();
      };
      const giveUp = (why: string) => {
        this.channel.send({ type: 'cancel', id } satisfies FromOwner);
        end(() => reject(new Error(why)));
      };
      const onAbort = () => giveUp(CLIENT_GONE);
      const timer = setTimeout(() => giveUp(`no answer within ${millis / 1000} s`), millis).unref();
      signal.addEventListener('abort', onAbort);
      this.#waiting.set(id, {
        resolve: (answer) => end(() => resolve(answer)),
        reject: (error) => end(() => reject(error)),
      });
      this.channel.send({ type: 'ask', id, ...question } satisfies FromOwner);
    });
  }

  /** Returns whether the application of the member wants the port. */
  receive({ header, body }: Frame): boolean {
    const { type, id, status, mediaType, headers, component } = recordOf(header) ?? {};
    if (type === 'component' && typeof component === 'string') this.component = component;
    if (type === 'answer' && typeof id === 'number') {
      const isAnswer = Number.isInteger(status) && typeof mediaType === 'string';
      // Ignore an answer that comes too late.
      const waiting = this.#waiting.get(id);
      if (!isAnswer) waiting?.reject(new Error('its answer cannot be read'));
      else waiting?.resolve({ status: status as number, type: mediaType, body, headers: textsIn(headers) });
    }
    return type === 'port-wanted';
  }

  gone(why: string): void {
    for (const { reject } of [...this.#waiting.values()]) reject(new Error(why));
  }

  leave(last: FromOwner | undefined): void {
    if (last) this.channel.end(last);
    else this.channel.close('closed');
    this.gone('closed');
  }
}

function textsIn(headers: unknown): Record<string, string> {
  const texts = Object.entries(recordOf(headers) ?? {}).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}
