// Decorators in the style of NestJS: a class is a controller, and its methods answer paths.
import http from 'node:http';

type Handler = (query: URLSearchParams) => unknown;

const routes = new Map<string, string>();

/** Makes a method answer GET requests of a path. */
export function Get(path: string) {
  return (_method: Handler, context: ClassMethodDecoratorContext): void => {
    routes.set(path, String(context.name));
  };
}

/** Serves the methods of a controller that have a path. */
export function serve(controller: object, port: number): void {
  const methods = controller as Record<string, Handler | undefined>;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const name = routes.get(url.pathname);
    const answer = name === undefined ? undefined : methods[name]?.(url.searchParams);
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer));
  });
  server.listen(port, '127.0.0.1');
}
