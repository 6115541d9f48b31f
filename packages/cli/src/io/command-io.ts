import { ProcessIo } from './process-io.js';

/** What a command has to do with its process: the same on the main thread and on one that is supervised. */
export interface CommandIo {
  /** Columns of standard output; undefined unless it is a terminal. */
  readonly columns: number | undefined;
  /**
   * Writes to standard output. Resolves to false when nobody reads it any more.
   * @throws the system's error, when it refuses
   */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Writes text to standard error. */
  writeError(text: string): void;
  /** The bytes of standard input. Throws the system's error when it cannot be read. */
  stdin(): AsyncIterable<Uint8Array>;
  /** Has a file removed if the command ends before the returned function is called, whatever ends it. */
  removeAtEnd(path: string): () => void;
  /** Says which input is read. */
  reading(name: string): void;
  /** Says that so many more bytes of inputs were read. */
  read(bytes: number): void;
}

let current: CommandIo = new ProcessIo();

/** That of the command that runs now. */
export function commandIo(): CommandIo {
  return current;
}

/** Makes commands use another one from now on. */
export function useCommandIo(io: CommandIo): void {
  current = io;
}
