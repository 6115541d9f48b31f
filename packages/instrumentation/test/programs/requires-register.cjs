// Starts heapray itself, before anything else: the argument says where from.
require(process.argv[2]);
require('./first-code.cjs');
