import type { Log } from '../diag.js';
import { describePortProblems, type PortProblem } from '../host/port-problems.js';

export interface PortReportDeps {
  readonly log: Log;
  component(): string;
  /** Whether the ports are likely to be those of the process that has started this one: then it is no news. */
  readonly isChild: boolean;
}

/** Tells of the ports that cannot be opened in one line, once it is known of both servers. */
export class PortReport {
  readonly #deps: PortReportDeps;
  #problems: PortProblem[] = [];
  #isSettled = false;

  constructor(deps: PortReportDeps) {
    this.#deps = deps;
  }

  add(problem: PortProblem): void {
    this.#problems = [...this.#problems, problem];
    if (this.#isSettled) this.#tell();
  }

  /** Tells what there is; problems that come later are told at once. */
  settle(): void {
    this.#isSettled = true;
    this.#tell();
  }

  #tell(): void {
    const problems = this.#problems;
    if (problems.length === 0) return;
    this.#problems = [];
    const isDebugServer = problems.every(({ server }) => server === 'debug server');
    const level = this.#deps.isChild ? 'info' : isDebugServer ? 'error' : 'warn';
    this.#deps.log(level, describePortProblems(problems, this.#deps.component()));
  }
}
