import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../errors.js';
import { type Answer, ConnectionLost, type InspectorConnection } from './connection.js';
import { enterCode, evaluation, leaveCode, stayCode } from './guard.js';
import type { OpenInspector } from './open-inspector.js';
import { OPENER } from './opener-messages.js';
import { portsOf, urlHost } from './process/listening-ports.js';
import type { ProcessFacts } from './process/process-facts.js';

/** A running Node process, and a connection to its inspector. */
export interface Target {
  readonly pid: number;
  /** Version of Node, for example `24.21.0`. */
  readonly nodeVersion: string;
  /** The command line in one line, as far as it is readable. */
  readonly command: string;
  /** Resolves when the connection is closed, by either side. */
  readonly closed: Promise<void>;
  /**
   * Calls a method of the DevTools protocol.
   *
   * @throws CommandError (rejects) with the error of the method, or if the program has ended
   */
  post(method: string, params?: object): Promise<Answer>;
  /** Calls `listener` with the parameters of each event of this name. */
  on(event: string, listener: (params: Answer) => void): void;
  /**
   * Evaluates an expression in the main context of the program. Resolves to its value as JSON has it; waits for a
   * promise.
   *
   * @throws CommandError (rejects) with what the expression throws
   */
  evaluate(expression: string): Promise<Answer>;
  /**
   * Replaces what happens when the program wants to exit, and waits for that. By default, the connection is closed at
   * once, so that the program need not wait.
   */
  onExit(listener: () => Promise<void>): void;
  /**
   * Closes the connection, and the inspector too unless it was open before; then waits until its port is closed.
   *
   * @throws CommandError (rejects) if the port stays open
   */
  detach(): Promise<void>;
}

const STAY_MILLIS = 1_000;
/** Time for the main thread of the target to answer at the end, in ms. */
const LEAVE_MILLIS = 5_000;
/** Time for the port to be closed, in ms. */
const PORT_MILLIS = 10_000;
const PORT_POLL_MILLIS = 20;

let users = 0;

/** The connection of {@link attachTo}. */
export class AttachedTarget implements Target {
  readonly pid: number;
  readonly command: string;
  readonly closed: Promise<void>;
  readonly #connection: InspectorConnection;
  readonly #port: OpenInspector;
  readonly #idInside: number;
  /** Name of this user of the inspector in the target. */
  readonly #user: string = `${process.pid}.${++users}`;
  #nodeVersion = '';
  /** True if the inspector is ours to close. */
  #isGuarded = false;
  #signs: NodeJS.Timeout | undefined;
  #onExit: () => Promise<void> = async () => {};
  #detaching: Promise<void> | undefined;

  constructor(facts: ProcessFacts, port: OpenInspector, connection: InspectorConnection) {
    this.pid = facts.pid;
    this.command = facts.args.join(' ');
    this.closed = connection.closed;
    this.#idInside = facts.pids.at(-1) ?? facts.pid;
    this.#port = port;
    this.#connection = connection;
  }

  get nodeVersion(): string {
    return this.#nodeVersion;
  }

  /**
   * Registers this user in the target, and checks that it is the right process.
   *
   * @throws CommandError (rejects) if it is not
   */
  async enter(): Promise<void> {
    this.#isGuarded = await this.evaluate(enterCode(this.#user, !this.#port.wasOpen));
    if (this.#isGuarded) {
      await this.evaluate(leaveCode(OPENER));
      this.#signs = setInterval(() => this.#giveSign(), STAY_MILLIS).unref();
    }
    const [id, version] = await this.evaluate('[process.pid, process.versions.node]');
    this.#nodeVersion = version;
    if (id !== this.#idInside) {
      const { host, port } = this.#port;
      throw new CommandError(
        `process ${this.pid}: ${urlHost({ host, port })} is the inspector of process ${id}`,
      );
    }
    this.on('NodeRuntime.waitingForDisconnect', () => void this.#letExit());
    await this.post('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
  }

  async post(method: string, params?: object): Promise<Answer> {
    try {
      return await this.#connection.post(method, params);
    } catch (cause) {
      if (cause instanceof ConnectionLost)
        throw new ConnectionLost(`process ${this.pid}: ${ended(cause)}`, { cause });
      throw cause;
    }
  }

  on(event: string, listener: (params: Answer) => void): void {
    this.#connection.on(event, listener);
  }

  async evaluate(expression: string): Promise<Answer> {
    const { result, exceptionDetails } = await this.post('Runtime.evaluate', evaluation(expression));
    if (exceptionDetails === undefined) return result.value;
    const thrown: string = exceptionDetails.exception?.description ?? exceptionDetails.text;
    throw new CommandError(`process ${this.pid}: ${thrown.split('\n', 1)[0]}`);
  }

  onExit(listener: () => Promise<void>): void {
    this.#onExit = listener;
  }

  detach(): Promise<void> {
    this.#detaching ??= this.#detach();
    return this.#detaching;
  }

  async #detach(): Promise<void> {
    clearInterval(this.#signs);
    const closes = this.#isGuarded && (await this.#leave());
    await this.#connection.close();
    if (closes) await this.#waitForPort();
  }

  /** Returns whether the inspector closes. Supposes so if the target does not answer: the guard in it acts later. */
  async #leave(): Promise<boolean> {
    const timeout = new AbortController();
    try {
      return await Promise.race([
        this.evaluate(leaveCode(this.#user)),
        delay(LEAVE_MILLIS, true, { signal: timeout.signal }),
      ]);
    } catch {
      // The connection is closed.
      return true;
    } finally {
      timeout.abort();
    }
  }

  async #waitForPort(): Promise<void> {
    const until = performance.now() + PORT_MILLIS;
    while (portsOf(this.pid).some(({ inode }) => inode === this.#port.inode)) {
      if (performance.now() > until) {
        throw new CommandError(
          `process ${this.pid}: port ${this.#port.port} of its inspector is still open; it closes when the main thread is less busy`,
        );
      }
      await delay(PORT_POLL_MILLIS);
    }
  }

  #giveSign(): void {
    // A missing answer means that the main thread is busy. Then the guard does not count either.
    this.evaluate(stayCode(this.#user)).catch(() => {});
  }

  /** Lets a program exit that waits for the end of the connection. */
  async #letExit(): Promise<void> {
    await this.#onExit().catch(() => {});
    clearInterval(this.#signs);
    await this.#connection.close();
  }
}

function ended(error: Error): string {
  return error.message.replace(/^[^:]*: /, '');
}
