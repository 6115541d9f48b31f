import { addressText, type HttpServer } from '@heapray/exporter/http';
import type { Served } from '../../protocol/messages.js';
import { sleep } from '../sleep.js';
import { type Answering, Membership, RefusedError } from './group-member.js';
import { GroupOwner, type Member } from './group-owner.js';
import type { GroupProcess } from './messages.js';

export interface SeatDeps {
  readonly pid: number;
  readonly component: () => string;
  /**
   * Opens the port.
   *
   * @throws (rejects) when that is not possible
   */
  readonly open: () => Promise<HttpServer>;
  /** Path of the group's socket; undefined for a process that serves itself only. */
  readonly socket: string | undefined;
  /** Answers a question of the owner for this process. */
  readonly answer: Answering;
  /** Called when it is known who serves this process, and each time that this changes. */
  readonly changed: (served: Served) => void;
  /** Called when something was left out: a process that may not join, or a wrong message. */
  readonly dropped: (why: string) => void;
}

/** The processes that an owner serves besides its own. */
export interface GroupView {
  readonly members: readonly Member[];
  /** True if there are or were other processes: pages have a label for each process from then on. */
  readonly isShared: boolean;
  /** Resolves when the members of an owner that has gone have joined this one, or have had time to. */
  readonly rejoined: Promise<void>;
}

/** Times between attempts to get the port or to join, in ms. An owner that starts opens its socket in this time. */
const QUICK_MILLIS = [0, 150, 350, 700, 1_200] as const;
/** Times between attempts to join a group that may come, in ms. Such a process never takes the port. */
const SLOW_MILLIS = [5_000, 10_000] as const;
/** Delay before the port of an owner that has gone is tried, in ms. */
const TAKEOVER_MILLIS = [0, 100] as const;
/** Longest wait of a new owner's pages for the members of the owner before, in ms. */
const REJOIN_MILLIS = 1_000;
/** Longest wait for an owner to give up the port, in ms. */
const YIELD_MILLIS = 300;

/**
 * The place of this process in the group of an address. Whoever can open the port is the owner; the others join it. When
 * the owner goes, each member tries to open the port after a random time.
 */
export class Seat implements GroupView {
  readonly #deps: SeatDeps;
  readonly #closed = new AbortController();
  #server: HttpServer | undefined;
  #owner: GroupOwner | undefined;
  #membership: Membership | undefined;
  #isShared = false;
  /** Number of processes that are expected to join this one if it becomes the owner. */
  #expected = 0;
  #rejoined: Promise<void> = Promise.resolve();
  #allJoined: () => void = () => {};
  #why = '';
  #by: Served['by'] | undefined;

  constructor(deps: SeatDeps) {
    this.#deps = deps;
  }

  /** Takes a seat, and keeps it until it is closed. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#keep();
    } catch (error) {
      if (!this.#isClosed) this.#deps.changed({ by: 'none', why: (error as Error).message });
    }
  }

  get members(): readonly Member[] {
    return this.#owner?.members ?? [];
  }

  get isShared(): boolean {
    return this.#isShared;
  }

  get rejoined(): Promise<void> {
    return this.#rejoined;
  }

  /** Sends the present name of the component to the owner. */
  rename(): void {
    this.#membership?.rename(this.#deps.component());
  }

  /** Frees the port for the application, also if another process has it. Resolves when that is done. */
  async yieldPort(): Promise<void> {
    const membership = this.#membership;
    if (membership) {
      membership.askForPort(this.#deps.pid);
      await Promise.race([
        membership.ended,
        new Promise((resolve) => setTimeout(resolve, YIELD_MILLIS).unref()),
      ]);
    }
    this.#close(this.#deps.pid);
  }

  /** Leaves the group, and closes the port if this process has it. */
  close(): void {
    this.#close(undefined);
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #close(wantedBy: number | undefined): void {
    this.#closed.abort();
    // First the socket: the next owner's would be removed when this one closes after it. Then the port: a member that
    // reads the message opens it at once.
    this.#owner?.closeSocket();
    this.#server?.close();
    this.#owner?.close(wantedBy === undefined ? undefined : { type: 'port-wanted', pid: wantedBy });
    this.#membership?.close();
  }

  async #keep(): Promise<void> {
    let membership = await this.#takeQuickly();
    while (!this.#isClosed && !this.#server) {
      if (membership === undefined) {
        if (this.#by !== 'none') this.#changed({ by: 'none', why: this.#why });
        if (this.#deps.socket === undefined) return;
        membership = await this.#joinLater();
      }
      if (membership === undefined) return;
      this.#membership = membership;
      this.#isShared = true;
      this.#changed({ by: 'other', pid: membership.owner });
      const end = await membership.ended;
      this.#membership = undefined;
      this.#expected = membership.others ?? Math.max(0, this.#expected - 1);
      membership = undefined;
      if (this.#isClosed) return;
      if (end === 'port-wanted') {
        this.#why = 'an application uses the port';
        continue;
      }
      await this.#sleep(between(TAKEOVER_MILLIS));
      membership = await this.#takeQuickly();
    }
  }

  /** Opens the port, or joins the owner; undefined if the port was opened, or if neither is possible now. */
  async #takeQuickly(): Promise<Membership | undefined> {
    for (const millis of QUICK_MILLIS) {
      await this.#sleep(millis * (0.5 + Math.random()));
      if (this.#isClosed || (await this.#open())) return undefined;
      const membership = await this.#join();
      if (membership !== undefined || this.#deps.socket === undefined) return membership;
    }
    return undefined;
  }

  /** Joins a group as soon as there is one. */
  async #joinLater(): Promise<Membership | undefined> {
    while (!this.#isClosed) {
      await this.#sleep(between(SLOW_MILLIS));
      const membership = this.#isClosed ? undefined : await this.#join();
      if (membership !== undefined) return membership;
    }
    return undefined;
  }

  async #open(): Promise<boolean> {
    let server: HttpServer;
    try {
      server = await this.#deps.open();
    } catch (error) {
      this.#why = (error as Error).message;
      // In a group, others may be able to open it: this process may only lack a file descriptor.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' && !this.#isShared) throw error;
      return false;
    }
    if (this.#isClosed) {
      server.close();
      return false;
    }
    this.#server = server;
    if (this.#expected > 0) this.#awaitMembers();
    await this.#openSocket();
    if (!this.#isClosed) this.#changed({ by: 'self', address: addressText(server.address) });
    return true;
  }

  #awaitMembers(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allJoined = resolve;
    this.#rejoined = Promise.race([promise, this.#sleep(REJOIN_MILLIS)]);
  }

  async #openSocket(): Promise<void> {
    const { socket, dropped } = this.#deps;
    if (socket === undefined) return;
    const owner = await GroupOwner.open(socket, this.#process, {
      dropped,
      joined: () => {
        this.#isShared = true;
        if (this.members.length >= this.#expected) this.#allJoined();
      },
      portWanted: (pid) => {
        this.#close(pid);
        this.#changed({ by: 'none', why: `the application of process ${pid} uses the port` });
      },
    });
    if (this.#isClosed) owner.close();
    else this.#owner = owner;
  }

  async #join(): Promise<Membership | undefined> {
    const { socket, answer } = this.#deps;
    if (socket === undefined) return undefined;
    try {
      const membership = await Membership.join(socket, this.#process, answer);
      if (!this.#isClosed) return membership;
      membership.close();
    } catch (error) {
      if (error instanceof RefusedError)
        this.#why = `${this.#why}; cannot join the process that has it: ${error.message}`;
    }
    return undefined;
  }

  get #process(): GroupProcess {
    return { pid: this.#deps.pid, component: this.#deps.component() };
  }

  #changed(state: Served): void {
    this.#by = state.by;
    this.#deps.changed(state);
  }

  async #sleep(millis: number): Promise<void> {
    if (millis > 0) await sleep(millis, this.#closed.signal);
  }
}

function between([least, most]: readonly [number, number]): number {
  return least + Math.random() * (most - least);
}
