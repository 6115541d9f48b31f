// Controls a program that works only in its turns (bench/programs/throughput.mjs).
import readline from 'node:readline';
import { ended, spawnGroup } from '../../scripts/lib/run-command.mjs';
import { programEnv, programFile } from './run-program.mjs';

export class TurnTaker {
  #child;
  #end;
  #answers;

  constructor(node, program, options, flags = []) {
    this.#child = spawnGroup(node, [...flags, programFile(program), JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: programEnv(),
    });
    this.#end = ended(this.#child);
    this.#answers = readline.createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs one turn of that many chunks; returns its cost. */
  turn(chunks) {
    return this.#ask(chunks);
  }

  /** Takes a profile, in modes that take them in the measured time; returns its cost. */
  profile() {
    return this.#ask('profile');
  }

  async #ask(line) {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`a measured program ended early: ${await this.#end}`);
    return JSON.parse(value);
  }

  async stop() {
    this.#child.stdin.end();
    await this.#end;
  }
}
