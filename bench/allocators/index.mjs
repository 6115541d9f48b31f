// Programs whose allocations are told apart by function. Each has SITES, the functions, and createRounds, which
// makes a function that does one round; some want a longer pause between turns, or a coarser truth.
import * as arrays from './arrays.mjs';
import * as bursty from './bursty.mjs';
import * as classes from './classes.mjs';
import * as deep from './deep.mjs';
import * as http from './http.mjs';
import * as long from './long.mjs';
import * as mixed from './mixed.mjs';
import * as short from './short.mjs';
import * as strings from './strings.mjs';

export const ALLOCATORS = { mixed, short, long, bursty, deep, arrays, strings, http, classes };
