// The demo: runs the order service under load, watches it through heapray, and reports the leak.
//
//   node demo/main.js [FOLDER]     DEMO_SECONDS: duration of the load, 20 by default
import { captureFormat, emptyFolder, pathsIn } from './out-folder.js';
import { Progress } from './progress.js';
import { report } from './report.js';
import { runDemo } from './run-demo.js';

const MIN_SECONDS = 3;
const MAX_SECONDS = 600;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const interrupted = new AbortController();
for (const signal of Object.keys(EXIT_CODES)) process.on(signal, () => interrupted.abort(signal));

const progress = new Progress(process.stderr);
try {
  const seconds = parseSeconds(process.env.DEMO_SECONDS || '20');
  const paths = pathsIn(process.argv[2] ?? 'demo-out');
  await emptyFolder(paths.folder);
  const summary = await runDemo({ seconds, paths, progress, signal: interrupted.signal });
  process.stdout.write(report(summary, { paths, memrayFormat: await captureFormat(paths.capture('api')) }));
} catch (error) {
  progress.end();
  const { aborted, reason } = interrupted.signal;
  process.stderr.write(`demo: ${aborted ? `ended by ${reason}` : error.message}\n`);
  process.exitCode = EXIT_CODES[reason] ?? 1;
}

function parseSeconds(text) {
  const seconds = Number(text);
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  throw new Error(`DEMO_SECONDS: a number from ${MIN_SECONDS} to ${MAX_SECONDS}, not ${text}`);
}
