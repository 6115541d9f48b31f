import type { CommandIo } from './command-io.js';
import { ProcessIo } from './process-io.js';

let current: CommandIo = new ProcessIo();

/** Returns the connection of the running command. */
export function commandIo(): CommandIo {
  return current;
}

/** Replaces the connection for all commands from now on. */
export function useCommandIo(io: CommandIo): void {
  current = io;
}
