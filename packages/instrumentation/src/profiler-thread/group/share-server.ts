import {
  addressText,
  type HttpServerOptions,
  type ListenAddress,
  startHttpServer,
} from '@heapray/exporter/http';
import { answeringFrom, type GatherDeps, type Routes } from './gather.js';
import { groupSocket } from './group-folder.js';
import { Seat, type SeatDeps } from './seat.js';

/** Settings of the process for groups. */
export interface GroupSettings {
  readonly pid: number;
  /** True if processes with one address share it. */
  readonly group: boolean;
  /** Folders that the group's folder can be in, the first choice first. */
  readonly groupFolders: readonly string[];
}

export interface SharedServer extends Pick<SeatDeps, 'component' | 'changed'> {
  /** Kind of the server; groups of different kinds are different groups. */
  readonly kind: 'debug' | 'metrics';
  readonly address: ListenAddress;
  readonly settings: GroupSettings;
  /** Pages of this process. */
  readonly own: Routes;
  /** Returns the pages of the group. */
  readonly routes: (deps: GatherDeps) => Routes;
  readonly http?: HttpServerOptions;
  readonly stats: { drop(reason: 'group_answer' | 'group_member'): void };
  readonly log: (level: 'debug' | 'info' | 'warn', text: string) => void;
}

/** Makes the seat of this process in the group of an address. The caller starts it. */
export function shareServer(shared: SharedServer): Seat {
  const { address, settings, own, component, stats, log } = shared;
  const { pid } = settings;
  const seat: Seat = new Seat({
    pid,
    component,
    open: () => startHttpServer(address, routes, shared.http),
    socket: socketOf(shared),
    answer: answeringFrom(own),
    changed: shared.changed,
    dropped: (why) => {
      stats.drop('group_member');
      log('debug', `group of ${addressText(address)}: ${why}`);
    },
  });
  const routes = shared.routes({
    own,
    self: () => ({ pid, component: component() }),
    group: seat,
    missed: () => stats.drop('group_answer'),
  });
  return seat;
}

/** Returns the path of the group's socket; undefined for a process that serves itself only. */
function socketOf({ kind, address, settings, log }: SharedServer): string | undefined {
  // With port 0 each process has a port of its own.
  if (!settings.group || address.port === 0) return undefined;
  if (settings.groupFolders.length === 0) {
    log(
      'info',
      `other processes cannot share ${addressText(address)}: no folder may be written (--permission)`,
    );
    return undefined;
  }
  try {
    return groupSocket(kind, address, settings.groupFolders);
  } catch (error) {
    const what = `other processes cannot share ${addressText(address)}: ${(error as Error).message}`;
    log('warn', `${what}; set HEAPRAY_GROUP=off if they need not`);
    return undefined;
  }
}
