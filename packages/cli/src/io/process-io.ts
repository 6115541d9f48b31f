import { unlinkSync } from 'node:fs';
import { codeOf } from '../errors.js';
import type { CommandIo } from './command-io.js';
import { onEndingSignal } from './ending-signals.js';

/** The connection of a command that runs on the main thread. */
export class ProcessIo implements CommandIo {
  get columns(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined;
  }

  write(bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (!error) resolve(true);
        else if (codeOf(error) === 'EPIPE') resolve(false);
        else reject(error);
      });
    });
  }

  writeError(text: string): void {
    process.stderr.write(text);
  }

  stdin(): AsyncIterable<Uint8Array> {
    return process.stdin;
  }

  removeAtEnd(path: string): () => void {
    const forget = onEndingSignal((signal) => {
      forget();
      removeQuietly(path);
      process.kill(process.pid, signal);
    });
    return () => {
      // The event loop may report a signal that arrived meanwhile as late as in the second turn.
      setImmediate(() => setImmediate(forget));
    };
  }

  reading(): void {}

  read(): void {}
}

/** Removes a file. Ignores errors, such as a missing file. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Ignore: the file was moved to its place, or removed by another process.
  }
}
