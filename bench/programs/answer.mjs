// How a measured program gets its options, and how it answers.

/** Returns the options that the benchmark passed. */
export function programOptions() {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Answers with one JSON line and ends. */
export function answer(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
