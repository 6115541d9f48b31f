import { fileURLToPath } from 'node:url';

/** Returns the path of a module of scripts/lib. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(`../../scripts/lib/${name}`, import.meta.url));
}

/** Imports a module of scripts/lib; these are JavaScript, because they run before anything is installed. */
export async function script<T>(name: string): Promise<T> {
  return (await import(scriptPath(name))) as T;
}
