/** The part of Node that code of the exporter needs. The bundle has `holders/node-url.ts` in its place. */
declare module 'node:url' {
  export function fileURLToPath(url: string): string;
}
