// A server that renders a page for every address and keeps it without limit.
import http from 'node:http';

const pages = new Map();

const server = http.createServer((request, response) => {
  if (!pages.has(request.url)) pages.set(request.url, renderPage(request.url));
  response.end(pages.get(request.url).join('\n'));
});
server.listen(8080, '127.0.0.1', () => console.log('http://127.0.0.1:8080/'));

function renderPage(url) {
  const rows = [];
  for (let row = 0; row < 500; row++) rows.push(`row ${row} of ${url}`);
  return rows;
}
