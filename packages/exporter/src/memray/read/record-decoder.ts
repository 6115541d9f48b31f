/** Decodes the records of one format from a reader, and passes them to a handler. */
export interface RecordDecoder {
  /**
   * Decodes all complete records.
   *
   * @throws RecordDamage when the next record is invalid; the reader is then at its start
   */
  decode(): void;
  /** True if the trailer was read. */
  readonly finished: boolean;
  /** Returns the name of the record that starts with this byte, for messages. */
  nameOf(token: number): string;
}
