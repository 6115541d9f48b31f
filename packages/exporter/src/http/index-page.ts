import type { ProfilePage, ProfileSource } from './profile-source.js';

/** Returns the HTML of the page at `/debug/pprof/`: the profiles of a source. Its links are relative, because it may be mounted elsewhere. */
export function indexPage(source: ProfileSource): string {
  const names = source.components?.();
  const table =
    names === undefined
      ? source.pages.map((page) => `<tr><th>${page.name}</th>${cells(page, source, '')}</tr>`)
      : names.map((name) => {
          const query = `component=${encodeURIComponent(name)}`;
          const links = source.pages.map((page) => cells(page, source, query));
          return `<tr><th>${escapeHtml(name)}</th>${links.join('')}</tr>`;
        });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>heapray: ${escapeHtml(source.title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 64rem }
th, td { padding: 0.2rem 1.2rem 0.2rem 0; text-align: left }
code { background: #eee; padding: 0.1rem 0.3rem }
</style>
</head>
<body>
<h1>${escapeHtml(source.title)}</h1>
${processTable(source)}${table.length === 0 ? '<p>There is nothing yet.</p>' : `<table>\n${table.join('\n')}\n</table>`}
<p><a href="ui">Live page</a>: memory over time, leak suspects, flame graphs, and what changed.</p>
${source.notes}
</body>
</html>
`;
}

/** Returns links to the profiles of each process, if there are several. */
function processTable(source: ProfileSource): string {
  const processes = source.processes?.() ?? [];
  if (processes.length < 2) return '';
  const rows = processes.map(({ pid, component }) => {
    const links = source.pages.map((page) => cells(page, source, `pid=${pid}`)).join('');
    return `<tr><th>process ${pid}, ${escapeHtml(component)}</th>${links}</tr>`;
  });
  return `<h2>Each process</h2>\n<table>\n${rows.join('\n')}\n</table>\n<h2>All processes</h2>\n`;
}

function cells(page: ProfilePage, { unsupported }: ProfileSource, query: string): string {
  const to = (parameters: readonly string[], text: string) => {
    const all = parameters.filter((each) => each !== '').join('&amp;');
    return `<a href="${page.name}${all === '' ? '' : `?${all}`}">${text}</a>`;
  };
  const more = page.changes
    ? [
        to([query, 'seconds=10'], 'over 10 s'),
        ...(unsupported.debug ? [] : [to([query, 'debug=1'], 'as text')]),
      ]
    : [];
  return `<td>${to([query], page.summary)}</td><td>${more.join(' ')}</td>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
