// Starts itself again as a child, which ends with it, and prints the child's standard error in brackets.
const { spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.stdin.resume().on('close', () => process.exit());
} else {
  const child = spawn(process.execPath, [__filename, 'child'], { stdio: 'pipe' });
  child.stderr.on('data', (text) => process.stdout.write(`[${text}]\n`));
  console.log(`child ${child.pid}`);
}
