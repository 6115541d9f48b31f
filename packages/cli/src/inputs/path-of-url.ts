import { fileURLToPath } from 'node:url';

/** Modules are named by URL and scripts by path; a file of either is named by its path. */
export function pathOfUrl(url: string): string {
  if (!url.startsWith('file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
