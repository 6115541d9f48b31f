/**
 * Version of the protocol. Processes of another version do not join. Keys and messages may be added without a
 * new version: a process ignores those that it does not know.
 */
export const GROUP_VERSION = 1;
const PROTOCOL = 'heapray-group';
/** Maximum length of an answer, in bytes. */
export const MAX_ANSWER_BYTES: number = 16 * 2 ** 20;

/** Facts by which a process is known in its group. */
export interface GroupProcess {
  readonly pid: number;
  readonly component: string;
}

/** A request for a page of a process, as sent to it. */
export interface Question {
  /** Path of the page, without the query. */
  readonly path: string;
  /** Query without `?`. */
  readonly query: string;
  /** Identifies the client as far as possible. */
  readonly client: string;
  readonly acceptsGzip: boolean;
  /** The client's `Authorization`, which each process checks. */
  readonly authorization?: string | undefined;
}

/** The first message of both sides. */
export interface Hello extends GroupProcess {
  readonly type: 'hello';
  readonly protocol: typeof PROTOCOL;
  readonly version: number;
}

export type RefusalReason = 'version' | 'full' | 'pid';

/** A message from the owner to a member. */
export type FromOwner =
  | Hello
  /** Follows the greeting: the process is a member from now on. */
  | { readonly type: 'welcome' }
  /** Number of members, the receiver included. Follows the welcome, and each join and end. Older owners do not send it. */
  | { readonly type: 'members'; readonly members: number }
  | ({ readonly type: 'ask'; readonly id: number } & Question)
  | { readonly type: 'cancel'; readonly id: number }
  /** Follows the greeting: the process cannot be a member. */
  | { readonly type: 'refused'; readonly reason: RefusalReason }
  /** The owner closes the port, because an application wants it. */
  | { readonly type: 'port-wanted'; readonly pid: number };

/** A message from a member to the owner. */
export type FromMember =
  | Hello
  | { readonly type: 'component'; readonly component: string }
  /** The answer to a question; the body follows. */
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly status: number;
      readonly mediaType: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** The member's application wants the port. */
  | { readonly type: 'port-wanted'; readonly pid: number };

export function helloOf({ pid, component }: GroupProcess): Hello {
  return { type: 'hello', protocol: PROTOCOL, version: GROUP_VERSION, pid, component };
}

/** Returns a header as a record, so that its keys can be checked; undefined for other values. */
export function recordOf(header: unknown): Readonly<Record<string, unknown>> | undefined {
  const isRecord = typeof header === 'object' && header !== null && !Array.isArray(header);
  return isRecord ? (header as Record<string, unknown>) : undefined;
}

/** Returns the greeting in a header, of any version; undefined if it is none. */
export function readHello(header: unknown): Hello | undefined {
  const { type, protocol, version, pid, component } = recordOf(header) ?? {};
  if (type !== 'hello' || protocol !== PROTOCOL || typeof version !== 'number') return undefined;
  if (!Number.isSafeInteger(pid) || (pid as number) < 1 || typeof component !== 'string') return undefined;
  return { type, protocol, version, pid: pid as number, component: component.slice(0, MAX_NAME) };
}

/** Maximum length of a component's name here. */
const MAX_NAME = 256;
