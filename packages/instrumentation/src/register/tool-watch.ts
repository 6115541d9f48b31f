import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { contained } from '../containment/contain.js';
import { now, setTimeout } from '../containment/primordials.js';

/** How long a tool may take to start a program. */
const DECISION_MILLIS = 3_000;
const CHECK_MILLIS = 100;
/** A timer that is so late says that the process was blocked, as by `spawnSync`: it waits for a program. */
const BLOCKED_MILLIS = 1_000;
const CHILD = 'child_process';
const LISTEN = 'tracing:net.server.listen:asyncStart';

export interface ToolHandlers {
  /** It has started another process: it is a launcher. */
  launches(): void;
  /** It listens, or has run for 3 s without starting a process: it is what matters here. */
  runs(): void;
}

/**
 * Watches what a process does whose main script is of an installed package: one that starts another process first is a
 * launcher, one that listens on a port or goes on by itself is not. Calls one of the handlers, once. Never keeps the
 * process alive.
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
