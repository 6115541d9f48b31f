import type { Log } from '../diag.js';
import { contain, containRejection } from './contain.js';

/**
 * Makes of a log function one that never throws and does not call itself: the application's own code may be behind it,
 * and what it calls may log again.
 */
export function safeLog(log: Log): Log {
  let logging = false;
  return (level, text) => {
    if (logging) return;
    logging = true;
    // A broken logger is not the profiler's to report.
    contain(
      () => containRejection(log(level, text) as unknown, () => {}),
      () => {},
    );
    logging = false;
  };
}
