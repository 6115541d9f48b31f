// Does a little work, prints what must stay the same under heapray, and ends as it is told.
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

process.on('exit', (code) => console.log(`exit event ${code}, ${kept.length} kept`));
work();
console.log('worked');
setTimeout(
  () => {
    work();
    ENDINGS[how]();
  },
  Number(process.env.END_AFTER ?? 0),
);
