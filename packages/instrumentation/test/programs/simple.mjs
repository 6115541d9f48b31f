// Ends after a moment: prints a word and exits with 7.
setTimeout(() => {
  console.log('done');
  process.exitCode = 7;
}, 1500);
