// A service that never returns to its event loop after SIGUSR2.
process.once('SIGUSR2', () => {
  console.log('spinning');
  spin();
});

/**
 * V8 cannot be interrupted in an optimised loop without calls, or with inlined calls only; a real program makes other
 * calls.
 */
function spin() {
  const kept = [];
  for (let i = 0; performance.now() > 0; i++) kept[i % 500] = keepSome(i);
}

function keepSome(i) {
  return new Array(1024).fill(i);
}

console.log('ready');
setInterval(() => {}, 60_000);
