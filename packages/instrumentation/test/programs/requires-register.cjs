// Loads heapray itself, before anything else, from the path in the argument.
require(process.argv[2]);
require('./first-code.cjs');
