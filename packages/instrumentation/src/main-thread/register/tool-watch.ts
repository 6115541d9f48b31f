import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { now, setTimeout } from '../../protocol/primordials.js';
import { contained } from '../containment/contain.js';

/** Longest time for a tool to start a program, in ms. */
const DECISION_MILLIS = 3_000;
const CHECK_MILLIS = 100;
/**
 * Delay of a timer, in ms, that shows a blocked process: it is waiting for a program, as with `spawnSync`.
 */
const BLOCKED_MILLIS = 1_000;
const CHILD = 'child_process';
const LISTEN = 'tracing:net.server.listen:asyncStart';

export interface ToolHandlers {
  /** Called when it has started another process, as a launcher does. */
  launches(): void;
  /** Called when it listens, or has run for 3 s without starting a process, as a program does. */
  runs(): void;
}

/**
 * Decides if a process is a launcher or a program, when its main script is from an installed package. A
 * process that first starts another process is a launcher; one that listens on a port or keeps running is a
 * program. Calls one of the handlers, once. Never keeps the process alive.
 */
export function watchTool({ launches, runs }: ToolHandlers): void {
  let isDecided = false;
  const decide = (handler: () => void) => {
    if (isDecided) return;
    isDecided = true;
    unsubscribe(CHILD, onChild);
    unsubscribe(LISTEN, onListen);
    handler();
  };
  const onChild = contained(() => decide(launches), ignore);
  const onListen = contained(() => decide(runs), ignore);
  subscribe(CHILD, onChild);
  subscribe(LISTEN, onListen);

  let awake = 0;
  const check = (since: number) => {
    const passed = now() - since;
    awake = passed > BLOCKED_MILLIS ? 0 : awake + passed;
    if (awake >= DECISION_MILLIS) decide(runs);
    else if (!isDecided) again();
  };
  const again = () => {
    const since = now();
    setTimeout(
      contained(() => check(since), ignore),
      CHECK_MILLIS,
    ).unref();
  };
  again();
}

function ignore(): void {}
