// Reads files and commands from a page of docs/, so that the tests run what users copy.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DocsSection {
  /** Contents by file name, of blocks whose first line is a comment with the name. */
  readonly files: ReadonlyMap<string, string>;
  /** The lines of shell blocks, without comments. */
  readonly commands: readonly string[];
  /** The exit status of each command, from a comment `# status 3`; 0 without one. */
  readonly statuses: readonly number[];
}

/** Reads the section of a page below a heading of the second level. */
export function docsSection(page: string, heading: string): DocsSection {
  const file = fileURLToPath(new URL(`../../../docs/${page}`, import.meta.url));
  const parts = readFileSync(file, 'utf8').split(/^## /m);
  const part = parts.find((text) => text.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`${page} has no part "${heading}"`);
  const files = new Map<string, string>();
  const lines: string[] = [];
  for (const [, language, text = ''] of part.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const [, name] = (language === 'sh' ? null : /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text)) ?? [];
    if (name !== undefined) files.set(name, language === 'json' ? text.replace(/^.*\n/, '') : text);
    if (language === 'sh') lines.push(...shellLines(text));
  }
  const statuses = lines.map((line) => Number(/\s#.*\bstatus (\d+)/.exec(line)?.[1] ?? 0));
  return { files, commands: lines.map((line) => line.replace(/\s+#.*$/, '')), statuses };
}

/** Returns the lines without `npx`, which could ask a registry; node_modules/.bin is on the path instead. */
function shellLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/^npx /, ''));
  return lines.filter((line) => line !== '' && !line.startsWith('npm install'));
}

/** Writes the files of a section into a folder, with another address in place of the debug server's. */
export function writeDocsFiles(section: DocsSection, folder: string, address = '127.0.0.1:6464'): void {
  for (const [name, text] of section.files) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text.replaceAll('127.0.0.1:6464', address));
  }
}
