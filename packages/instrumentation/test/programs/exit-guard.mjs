// A program under the guard; its argument selects how it ends. Run by exit-guard.test.ts.
import { writeSync } from 'node:fs';
import { ExitGuard } from '../../dist/main-thread/profiler/exit-guard.js';

const say = (text) => writeSync(1, `${text}\n`);
const guard = new ExitGuard(() => say('finished'));
const wait = () => setInterval(() => {}, 1000);

const scenarios = {
  natural() {},
  exit() {
    process.exit(3);
  },
  throws() {
    setTimeout(() => {
      throw new Error('out of order');
    }, 0);
  },
  disposed() {
    guard.watchSignals(true);
    guard.dispose();
    say(`listeners ${process.listenerCount('SIGTERM')} ${process.listenerCount('exit')}`);
  },
  waits() {
    guard.watchSignals(true);
    guard.watchSignals(true);
    wait();
  },
  unwatched() {
    guard.watchSignals(true);
    guard.watchSignals(false);
    wait();
  },
  never() {
    wait();
  },
  // The application has a listener of its own, which counts the others as some libraries do.
  listener() {
    process.on('SIGTERM', () => {
      say(`sees ${process.listenerCount('SIGTERM')}`);
      process.exit(7);
    });
    guard.watchSignals(true);
    wait();
  },
  // Like the signal-exit package: without other listeners, it lets the signal end the process.
  counts() {
    const listener = () => {
      say(`sees ${process.listenerCount('SIGTERM')}`);
      if (process.listenerCount('SIGTERM') > 1) return;
      process.removeListener('SIGTERM', listener);
      process.kill(process.pid, 'SIGTERM');
    };
    process.on('SIGTERM', listener);
    guard.watchSignals(true);
    wait();
  },
  // Survives two signals and ends by itself at the third.
  survives() {
    let left = 3;
    process.on('SIGTERM', () => {
      left--;
      say(`sees ${process.listenerCount('SIGTERM')}, ${left} left`);
      if (left === 0) process.exit(0);
      setTimeout(() => say(`guarded by ${process.listenerCount('SIGTERM')}, ${left} left`), 20);
    });
    guard.watchSignals(true);
    wait();
  },
  once() {
    process.once('SIGTERM', () => {
      say('not yet');
      setTimeout(() => say('again'), 20);
    });
    guard.watchSignals(true);
    wait();
  },
  // Stops watching while the application's listener runs.
  stops() {
    process.on('SIGTERM', () => {
      guard.watchSignals(false);
      setTimeout(() => {
        say(`listeners ${process.listenerCount('SIGTERM')}`);
        process.exit(0);
      }, 20);
    });
    guard.watchSignals(true);
    wait();
  },
};

scenarios[process.argv[2]]();
say('ready');
