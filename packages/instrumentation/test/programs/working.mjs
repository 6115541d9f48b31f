// Works for a while, prints a word, and exits with 7. Run by tests with difficult conditions for the
// profiler.
const FOR_MILLIS = Number(process.env.WORK_MILLIS ?? 1500);
/** A file: the work ends when it exists, instead of after a time. */
const UNTIL = process.env.WORK_UNTIL;
const kept = [];
let made = 0;
const { existsSync } = await import('node:fs');
const { setInterval, setTimeout, clearInterval } = await import('node:timers');
const timer = setInterval(() => {
  for (let i = 0; i < 30; i++) kept.push({ made: made++, text: `${made}`, rows: new Array(50).fill(made) });
  if (kept.length > 20_000) kept.length = 0;
  if (UNTIL !== undefined && existsSync(UNTIL)) end();
}, 10);
if (UNTIL === undefined) setTimeout(end, FOR_MILLIS);

function end() {
  clearInterval(timer);
  if (process.env.WRITE_TO_STDERR) console.error('done');
  console.log('done');
  process.exitCode = 7;
}
