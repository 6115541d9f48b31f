// Programs whose allocations are identified by function. Each has SITES, the functions, and createRounds, which
// makes a function that does one round. Some set a longer pause between turns, or a larger interval for the truth.
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
