// Passes something wrong to the constructor, with a logger set later or not at all. Run by messages.test.ts.
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { HeaprayInstrumentation } from '../../dist/index.js';

const [, , when] = process.argv;
const logger = {};
for (const level of ['error', 'warn', 'info', 'debug', 'verbose'])
  logger[level] = (...parts) => console.log(`${level}: ${parts.join(': ')}`);

const one = new HeaprayInstrumentation();
if (when === 'logger-at-once') diag.setLogger(logger, DiagLogLevel.INFO);
if (when === 'logger-later') setTimeout(() => diag.setLogger(logger, DiagLogLevel.INFO), 1000);
// Wait longer than messages do, or not.
setTimeout(
  () => {
    if (when === 'stays') one.setConfig({ groupBy: 'nothing' });
    one.disable();
  },
  when === 'stays' ? 7000 : 1500,
);
