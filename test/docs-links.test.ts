// Every link in the Markdown files of the repository leads to a file, and to a heading in it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURE_BYTES = 150 * 1024;

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(ROOT, file)));

interface Link {
  readonly page: string;
  readonly target: string;
  readonly isPicture: boolean;
}

/** Returns the links of a page, apart from those in code. */
function linksOf(page: string): readonly Link[] {
  const found = proseOf(page).matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g);
  return [...found].map(([, mark, target = '']) => ({ page, target, isPicture: mark === '!' }));
}

/** Returns the text of a page without blocks and spans of code. */
function proseOf(page: string): string {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  return text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, '');
}

const isOutside = ({ target }: Link) => /^[a-z]+:/.test(target);
const links = pages.flatMap(linksOf).filter((link) => !isOutside(link));

/** Returns the file that a link leads to. */
function fileOf({ page, target }: Link): string {
  const [file = ''] = target.split('#');
  return path.resolve(ROOT, file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file)));
}

/** Returns the anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8').replaceAll(/^```.*?^```$/gms, '');
  const seen = new Map<string, number>();
  return [...text.matchAll(/^#{1,6} +(.+?)\s*$/gm)].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

describe('links of the docs', () => {
  test('are found', () => {
    expect(links.length).toBeGreaterThan(100);
  });

  test('lead to files', () => {
    const broken = links.filter((link) => !existsSync(fileOf(link)));
    expect(broken).toEqual([]);
  });

  test('lead to headings', () => {
    const broken = links.filter((link) => {
      const [, anchor] = link.target.split('#');
      const file = fileOf(link);
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test('show pictures that exist and are small', () => {
    const pictures = links.filter(({ isPicture }) => isPicture);
    expect(pictures.length).toBeGreaterThan(2);
    const large = pictures.filter((link) => statSync(fileOf(link)).size > PICTURE_BYTES);
    expect(large).toEqual([]);
  });

  test('lead from docs/README.md to every page', () => {
    const index = linksOf('docs/README.md').map(fileOf);
    const missing = pages.filter(
      (page) => /^docs\/[^/]+\.md$/.test(page) && !index.includes(path.join(ROOT, page)),
    );
    expect(missing).toEqual(['docs/README.md']);
  });
});
