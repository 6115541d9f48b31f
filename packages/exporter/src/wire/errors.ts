const MAX_REASON = 300;

/** Error for input that is not valid in its format. The message is always one line. */
export class FormatError extends Error {
  // Check `name` rather than `instanceof`: it also works when two copies of the package are loaded.
  override readonly name = 'FormatError';
  /** The format that was expected, for example `pprof`. */
  readonly format: string;
  /** Offset at which reading failed, in bytes from the start; undefined when the input is invalid as a whole. */
  readonly offset: number | undefined;
  /** The reason, without format and offset. */
  readonly reason: string;

  constructor(format: string, reason: string, offset?: number, options?: ErrorOptions) {
    // A reason may quote the input: shorten it, and remove line breaks and terminal control sequences.
    const line = reason
      .slice(0, MAX_REASON)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim();
    super(offset === undefined ? `${format}: ${line}` : `${format}: ${line} at byte ${offset}`, options);
    this.format = format;
    this.offset = offset;
    this.reason = line;
  }
}
