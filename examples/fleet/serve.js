// Shared by all three services: JSON over HTTP, at the port in PORT.
import http from 'node:http';

/**
 * Serves `answer(path, parameters)`, which returns an object, a Buffer, or undefined for a path that it does not know.
 */
export function serve(answer) {
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const body = answer(pathname, searchParams);
    if (body === undefined) response.writeHead(404).end();
    else response.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  server.listen(Number(process.env.PORT), process.env.HOST ?? '127.0.0.1');
}
