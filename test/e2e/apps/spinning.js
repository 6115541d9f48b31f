// A service that on SIGUSR2 never comes back to its event loop.
process.once('SIGUSR2', () => {
  console.log('spinning');
  spin();
});

/**
 * V8 lets nobody in while an optimised loop makes no call that it could not inline, whoever asks; a real program
 * makes some.
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
