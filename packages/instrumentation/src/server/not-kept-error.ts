/** A moment that nothing is known of any more, or was ever. The message says what is known. */
export class NotKeptError extends Error {
  override readonly name = 'NotKeptError';
}
