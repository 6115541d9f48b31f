/** Takes the place of `fileURLToPath` of Node: returns the path of a `file:` URL. */
export function fileURLToPath(url: string): string {
  return decodeURIComponent(new URL(url).pathname);
}
