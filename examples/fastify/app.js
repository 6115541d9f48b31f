// A shop on Fastify, with a cache of rendered pages that has a limit. Administrators see the profiles below /admin/memory.
import { heaprayHandler } from '@heapray/instrumentation';
import Fastify from 'fastify';
import { heapray as instrumentation } from './telemetry.js';

const KEPT = 500;
const pages = new Map();
const app = Fastify();
const profiles = heaprayHandler({ instrumentation });

app.get('/pages/:id', async (request, reply) => {
  reply.type('text/plain');
  return cachedPage(request.params.id);
});
app.get('/admin/memory/*', { preHandler: requireAdmin }, (request, reply) => {
  reply.hijack();
  profiles(request.raw, reply.raw);
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

// Stands for the application's own authentication.
async function requireAdmin(request, reply) {
  if (request.headers.authorization !== 'Bearer admin') return reply.code(401).send();
}
