// Counts the steps of a test run, and prints the names of what failed and the closing line. An exit hook prints them, so
// that they come last, however the run ends: a step that has begun and not ended counts as failed.
import { note } from './bootstrap.mjs';

/** True if no test may be skipped. */
export const STRICT = Boolean(process.env.CI) && process.env.CI !== 'false';

/** The smallest exit status that stands for a signal. */
const KILLED = 128;

export function startTally() {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const open = new Set();
  const failures = [];
  const tally = {
    add: (more) => addCounts(counts, more),
    fail: (what) => failures.push(what),
    step: (name, work) => runStep({ name, work, counts, open, failures }),
  };
  process.on('exit', (status) => {
    for (const what of failures) note(`FAILED ${what}`);
    for (const name of open) note(`${name}: did not finish`);
    addCounts(counts, { failed: open.size });
    if (status !== 0 && counts.failed === 0) counts.failed = 1;
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    const good = counts.failed === 0 && !(STRICT && counts.skipped > 0);
    process.exitCode = status >= KILLED ? status : Number(!good);
  });
  return tally;
}

/** Runs one step, counted as one test: passed if the work returns, failed if it throws. */
async function runStep({ name, work, counts, open, failures }) {
  open.add(name);
  try {
    await work();
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    note(`${name} failed: ${error.message}`);
    failures.push(`${name}: ${error.message}`);
  } finally {
    open.delete(name);
  }
}

function addCounts(counts, more) {
  for (const [kind, count] of Object.entries(more)) counts[kind] += count;
}
