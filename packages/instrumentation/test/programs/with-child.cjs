// Starts itself once more as a child, which ends with it, and shows what that writes to standard error, in brackets.
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.stdin.resume().on('close', () => process.exit());
} else {
  const child = spawn(process.execPath, [__filename, 'child'], { stdio: 'pipe' });
  child.stderr.on('data', (text) => process.stdout.write(`[${text}]\n`));
  console.log(`child ${child.pid}`);
}
