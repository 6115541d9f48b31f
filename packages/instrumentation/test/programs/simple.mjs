// Ends after a moment, with a word and 7.
setTimeout(() => {
  console.log('done');
  process.exitCode = 7;
}, 1500);
