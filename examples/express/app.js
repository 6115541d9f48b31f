// A shop on Express. The middleware keeps a record of every request, which nothing empties: it leaks. Administrators see the
// profiles below /admin/memory.
import { heaprayHandler } from '@heapray/instrumentation';
import express from 'express';

const records = [];
const app = express();

app.use(recordRequest);
app.get('/products/:id', sendProduct);
app.use('/admin/memory', requireAdmin, heaprayHandler());
app.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');

function recordRequest(request, _response, next) {
  const record = { at: new Date(), url: request.url, headers: [] };
  for (const [name, value] of Object.entries(request.headers)) {
    for (const character of value) record.headers.push({ name, character });
  }
  records.push(record);
  next();
}

function sendProduct(request, response) {
  response.json({ id: request.params.id, title: `Product ${request.params.id}` });
}

// Stands for the application's own authentication.
function requireAdmin(request, response, next) {
  if (request.headers.authorization === 'Bearer admin') next();
  else response.status(401).end();
}
