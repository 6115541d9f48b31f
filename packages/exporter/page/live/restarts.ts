import type { OverviewData, OverviewSubject } from '../../src/page/overview-data.ts';

/** Name of the fact with the process ID. */
const PROCESS = /^(?:pid|process(?: id)?)$/i;

/** Notices that a process is not the same as before. */
export class Restarts {
  readonly #known = new Map<string, string>();

  /** Returns a sentence for each process that has another ID than in the data before. */
  update({ subjects }: OverviewData): string[] {
    return subjects.flatMap((subject) => {
      const now = processOf(subject);
      const key = subject.component ?? '';
      const before = this.#known.get(key);
      if (now !== undefined) this.#known.set(key, now);
      if (now === undefined || before === undefined || before === now) return [];
      return [`${subject.name} has restarted: it is now process ${now}, and was process ${before}.`];
    });
  }
}

function processOf({ facts }: OverviewSubject): string | undefined {
  return facts.find(({ name }) => PROCESS.test(name))?.text;
}
