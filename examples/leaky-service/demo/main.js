// The demo: runs the order service under load, watches it through heapray, and reports the leak.
//
//   node demo/main.js [--ui] [FOLDER]     DEMO_SECONDS: duration of the load, 20 by default
//
// With --ui, the service stays up after the report, under a light load, until Ctrl-C. The load ends when the leak has nearly filled
// the heap.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
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
  const { values, positionals } = parseArgs({ options: { ui: { type: 'boolean' } }, allowPositionals: true });
  const paths = pathsIn(positionals[0] ?? 'demo-out');
  await emptyFolder(paths.folder);
  const print = async (summary) => {
    const memrayFormat = await captureFormat(paths.capture('api'));
    process.stdout.write(report(summary, { paths, memrayFormat }));
  };
  const { signal } = interrupted;
  const run = { seconds, paths, progress, signal };
  if (values.ui) await runDemo({ ...run, whileUp: (summary, service) => stayUp(summary, service, print) });
  else await print(await runDemo(run));
} catch (error) {
  progress.end();
  const { aborted, reason } = interrupted.signal;
  process.stderr.write(`demo: ${aborted ? `ended by ${reason}` : error.message}\n`);
  process.exitCode = EXIT_CODES[reason] ?? 1;
}

/** Prints the report and the address of the page, then waits for the signal that ends the demo. */
async function stayUp(summary, service, print) {
  await print(summary);
  service.bearLightLoad(() => {
    process.stdout.write(
      'The leak has nearly filled the heap: no more requests, so that the service stays up.\n',
    );
  });
  process.stdout.write(`The page of the running service: ${service.pageUrl}  (Ctrl-C ends it)\n`);
  const { signal } = interrupted;
  const ended = signal.aborted ? undefined : once(signal, 'abort');
  await Promise.race([ended, service.death()]);
}

function parseSeconds(text) {
  const seconds = Number(text);
  if (seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  throw new Error(`DEMO_SECONDS: a number from ${MIN_SECONDS} to ${MAX_SECONDS}, not ${text}`);
}
