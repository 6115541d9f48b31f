/** Decodes the records of one format from a reader into a handler. */
export interface RecordDecoder {
  /**
   * Decodes all records that are wholly there.
   *
   * @throws RecordDamage when the next one makes no sense; the reader's position is then its start
   */
  decode(): void;
  /** Whether the trailer was read. */
  readonly finished: boolean;
  /** The name of the record that begins with this byte, for messages. */
  nameOf(token: number): string;
}
