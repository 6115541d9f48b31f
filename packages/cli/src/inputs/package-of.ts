/**
 * The npm package a file belongs to, as far as its path says: the innermost `node_modules/<name>`, or `node:` for
 * the runtime; empty for an application's own files, whose manifest may be on another machine.
 */
export function packageOf(file: string): string {
  if (file.startsWith('node:')) return 'node:';
  const parts = file.split(/[\\/]/);
  const at = parts.lastIndexOf('node_modules');
  const name = at < 0 ? '' : (parts[at + 1] ?? '');
  return name.startsWith('@') ? `${name}/${parts[at + 2] ?? ''}` : name;
}
