import { HOLDERS_SCRIPT, PAGE_SCRIPT, PAGE_STYLE } from '#generated/page.js';

/**
 * Returns the parts of the page that shows what a server knows now. Its script and style have the relative URLs
 * `ui/page.js` and `ui/page.css`, so that the page also works below another path of a proxy.
 */
export function livePage(): {
  readonly html: string;
  readonly script: string;
  readonly style: string;
  /** Script of the worker that reads heap snapshots, at `ui/holders.js`. */
  readonly holders: string;
} {
  return { html: HTML, script: PAGE_SCRIPT, style: PAGE_STYLE, holders: HOLDERS_SCRIPT };
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="ui/page.css">
<title>heapray</title>
</head>
<body>
<div id="page" data-mode="live"><p class="state">Loading ...</p></div>
<noscript><p class="state">This page needs JavaScript. Without it, see <a href="pprof/">the profiles</a>.</p></noscript>
<script src="ui/page.js" defer></script>
</body>
</html>
`;
