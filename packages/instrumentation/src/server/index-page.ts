/** A profile that can be fetched. */
export interface Endpoint {
  readonly path: string;
  readonly defaultColumn: 'inuse_space' | 'alloc_space' | 'peak_space';
  readonly summary: string;
}

/** The page at `/debug/pprof/`: what there is and how to open it. */
export function indexPage(endpoints: readonly Endpoint[]): string {
  const rows = endpoints.map(({ path, summary, defaultColumn }) => {
    const more = `<a href="${path}?seconds=10">over 10 s</a> <a href="${path}?debug=1">as text</a>`;
    return `<tr><td><a href="${path}">${path}</a></td><td>${defaultColumn === 'peak_space' ? '' : more}</td><td>${summary}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>heapray: memory profiles</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem; max-width: 56rem }
td { padding: 0.2rem 1.2rem 0.2rem 0 }
code { background: #eee; padding: 0.1rem 0.3rem }
</style>
</head>
<body>
<h1>Memory profiles of this process</h1>
<table>
${rows.join('\n')}
</table>
<p>Each is a gzipped pprof file. <code>heap</code> and <code>allocs</code> have four columns, <code>alloc_objects</code>,
<code>alloc_space</code>, <code>inuse_objects</code> and <code>inuse_space</code>; <code>peak</code> has two,
<code>peak_objects</code> and <code>peak_space</code>. Open it with any pprof viewer, for example
<code>go tool pprof -http=: http://HOST:PORT/debug/pprof/heap</code>. With <code>?seconds=N</code> the first two
hold what changed over the next N seconds; with <code>?since=600&amp;until=300</code> what changed between two moments, so
many seconds ago, as far as states are kept: one for each window of the leak detection, sixteen at the most.</p>
</body>
</html>
`;
}
