/** The connection of a command to its process. Works on the main thread and on a supervised thread. */
export interface CommandIo {
  /** Number of columns of standard output; undefined unless it is a terminal. */
  readonly columns: number | undefined;
  /**
   * Writes to standard output. Resolves to false when its reader has closed it.
   *
   * @throws the system's error
   */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Writes text to standard error. */
  writeError(text: string): void;
  /** Reads standard input. Throws the system's error when it cannot be read. */
  stdin(): AsyncIterable<Uint8Array>;
  /** Removes a file if the command ends in any way before the returned function is called. */
  removeAtEnd(path: string): () => void;
  /** Reports which input is being read. */
  reading(name: string): void;
  /** Reports that more bytes of the inputs were read. */
  read(bytes: number): void;
}
