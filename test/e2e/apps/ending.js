// Does a little work, prints output that must be the same under heapray, and ends in the way of its argument.
//
// END_AFTER     milliseconds until then (default: 0), or a signal
const how = process.argv[2];
const kept = [];

function work() {
  for (let i = 0; i < 2000; i++) kept.push({ i, text: `order ${i}`.repeat(20) });
}

const ENDINGS = {
  natural() {},
  exit: () => process.exit(3),
  exitCode() {
    process.exitCode = 5;
  },
  throw() {
    throw new Error('thrown on purpose');
  },
  reject: () => Promise.reject(new Error('rejected on purpose')),
  abort: () => process.kill(process.pid, 'SIGABRT'),
};

function end() {
  work();
  ENDINGS[how]();
}

process.on('exit', (code) => console.log(`exit event ${code}, ${kept.length} kept`));
work();
const after = process.env.END_AFTER ?? '0';
if (after.startsWith('SIG')) {
  const alive = setInterval(() => {}, 60_000);
  process.once(after, () => {
    clearInterval(alive);
    end();
  });
} else setTimeout(end, Number(after));
console.log('worked');
