// A shop on Fastify, with a cache of rendered pages that has a limit.
import Fastify from 'fastify';

const KEPT = 500;
const pages = new Map();
const app = Fastify();

app.get('/pages/:id', async (request, reply) => {
  reply.type('text/plain');
  return cachedPage(request.params.id);
});
await app.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' });

function cachedPage(id) {
  const lines = pages.get(id) ?? renderPage(id);
  pages.set(id, lines);
  if (pages.size > KEPT) pages.delete(pages.keys().next().value);
  return lines.join('\n');
}

function renderPage(id) {
  const lines = [];
  for (let line = 0; line < 200; line++) lines.push(`line ${line} of page ${id}`);
  return lines;
}
