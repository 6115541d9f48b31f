/**
 * Returns the headers that a server with a token asks for: the token in `HEAPRAY_DEBUG_TOKEN`, as the server itself reads it.
 * None without it.
 */
export function tokenHeaders(
  token: string | undefined = process.env.HEAPRAY_DEBUG_TOKEN,
): Readonly<Record<string, string>> {
  const plain = token?.trim() ?? '';
  return /^[!-~]+$/.test(plain) && plain.toLowerCase() !== 'off' ? { authorization: `Bearer ${plain}` } : {};
}
