import type { Log } from '../../protocol/log.js';
import { contain, containRejection } from '../containment/contain.js';

/**
 * Wraps a log function so that it never throws and never calls itself. It may call code of the
 * application, which may log again.
 */
export function safeLog(log: Log): Log {
  let logging = false;
  return (level, text) => {
    if (logging) return;
    logging = true;
    // Ignore errors: the profiler need not report a broken logger.
    contain(
      () => containRejection(log(level, text) as unknown, () => {}),
      () => {},
    );
    logging = false;
  };
}
