import { Session } from 'node:inspector';
import { WorkerTarget } from './worker-target.js';

/** Receives the worker threads that start and end. */
export interface WorkerTargetHandlers {
  attached(target: WorkerTarget): void;
  detached(target: WorkerTarget): void;
}

/**
 * Attaches to all worker threads of the process, nested ones included, present and future. Uses a session of its own on
 * the main thread, which never starts a sampler.
 *
 * @throws when the inspector may not be used (`--permission`)
 */
export function connectWorkerTargets(handlers: WorkerTargetHandlers): { close(): void } {
  const session = new Session();
  session.connectToMainThread();
  const targets = new Map<string, WorkerTarget>();
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
    const target = new WorkerTarget(workerInfo.title, (message) =>
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, () => {}),
    );
    targets.set(sessionId, target);
    handlers.attached(target);
  });
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
    targets.get(sessionId)?.receive(message);
  });
  session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
    const target = targets.get(sessionId);
    targets.delete(sessionId);
    target?.end();
    if (target) handlers.detached(target);
  });
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {});
  return { close: () => session.disconnect() };
}
