import { unlinkSync } from 'node:fs';
import { codeOf } from '../errors.js';
import type { CommandIo } from './command-io.js';
import { onEndingSignal } from './ending-signals.js';

/** A command's own process. */
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
      // A signal that came meanwhile is told of by the loop, maybe not before the second turn.
      setImmediate(() => setImmediate(forget));
    };
  }

  reading(): void {}

  read(): void {}
}

/** Removes a file; that it is not there, or must not be removed, is no news. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It has been put in its place, or somebody has removed it.
  }
}
