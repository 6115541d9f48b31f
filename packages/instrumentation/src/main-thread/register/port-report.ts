import type { Log } from '../../protocol/log.js';
import { describePortProblems, type PortProblem } from '../start/port-problems.js';

export interface PortReportDeps {
  readonly log: Log;
  component(): string;
  /** True if the ports are probably those of the parent process; then problems are logged at level info. */
  readonly isChild: boolean;
}

/** Reports ports that cannot be opened in one line, once the outcome of both servers is known. */
export class PortReport {
  readonly #deps: PortReportDeps;
  #problems: PortProblem[] = [];
  #isSettled = false;

  constructor(deps: PortReportDeps) {
    this.#deps = deps;
  }

  add(problem: PortProblem): void {
    this.#problems = [...this.#problems, problem];
    if (this.#isSettled) this.#tellAll();
  }

  /** Reports the problems so far; later ones are reported at once. */
  tell(): void {
    this.#isSettled = true;
    this.#tellAll();
  }

  #tellAll(): void {
    const problems = this.#problems;
    if (problems.length === 0) return;
    this.#problems = [];
    const isDebugServer = problems.every(({ server }) => server === 'debug server');
    const level = this.#deps.isChild ? 'info' : isDebugServer ? 'error' : 'warn';
    this.#deps.log(level, describePortProblems(problems, this.#deps.component()));
  }
}
