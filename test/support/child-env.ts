// Makes the environment of child processes: the user's, without the variables of npm and vitest, because the
// program under test must behave as it does outside of a test run.
const OF_THE_TEST_RUN =
  /^(npm_|VITEST|TINYPOOL|NODE_ENV$|NODE_OPTIONS$|NODE_V8_COVERAGE$|TEST$|DEV$|PROD$|MODE$)/;
/** Matches variables that would change the program under test, or a peer's output; a test that needs one sets it. */
const OF_THE_USER =
  /^(HEAPRAY_|OTEL_|AIRFLOW_|MEMRAY_|PPROF_|PYTHON|FORCE_COLOR$|NO_COLOR$|CLICOLOR|TTY_COMPATIBLE$|TTY_INTERACTIVE$|COLUMNS$|LINES$)/;

/** Returns the cleaned environment with the given variables added; `undefined` removes one. */
export function childEnv(extra: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !OF_THE_TEST_RUN.test(name) && !OF_THE_USER.test(name),
  );
  return { ...Object.fromEntries(inherited), ...extra };
}
