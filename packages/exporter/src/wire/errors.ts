const MAX_REASON = 300;

/** Input that cannot be read as the format it claims to be. The message is always one line. */
export class FormatError extends Error {
  // A name and not `instanceof` decides, so that two copies of the package agree.
  override readonly name = 'FormatError';
  /** The format that was expected, for example `pprof`. */
  readonly format: string;
  /** Where reading failed, in bytes from the start; undefined when the input is wrong as a whole. */
  readonly offset: number | undefined;
  /** What is wrong, without format and offset. */
  readonly reason: string;

  constructor(format: string, reason: string, offset?: number, options?: ErrorOptions) {
    // A reason may quote the input, which may be long, in lines, or meant to move somebody's cursor.
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
