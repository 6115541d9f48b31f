import { createHash } from 'node:crypto';
import { PAGE_SCRIPT, PAGE_STYLE } from '#generated/page.js';
import { hideSourcePaths } from './hide-paths.js';
import type { PageData } from './page-data.js';

/** Settings of {@link pageHtml}. */
export interface PageHtmlOptions {
  /** True to leave out folders, see `hideSourcePaths`. Default false. */
  readonly hideSourcePaths?: boolean | undefined;
}

/**
 * Returns one HTML file that shows the data. It contains its script and style, and its policy allows no others and no
 * requests.
 */
export function pageHtml(data: PageData, options: PageHtmlOptions = {}): string {
  const shown = options.hideSourcePaths === true ? hideSourcePaths(data) : data;
  const policy = [
    "default-src 'none'",
    `script-src '${digest(PAGE_SCRIPT)}'`,
    `style-src '${digest(PAGE_STYLE)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(shown.title)} - heapray</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<div id="page"><p class="state">Loading ...</p></div>
<noscript><p class="state">This page needs JavaScript to draw the profile.</p></noscript>
<script type="application/json" id="data">${scriptJson(shown)}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

/** Returns JSON in which no text can end the script element or start a comment in it. */
function scriptJson(data: PageData): string {
  return JSON.stringify(data).replace(/[<\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
