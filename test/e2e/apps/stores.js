// Stores of services that hold memory without a leak.

/** Numbers in an entry of 4 KiB. */
const NUMBERS = 512;

/** Functions that are called five times a second with the seconds since the start; each allocates in its own functions. */
const STORES = {
  /** Sessions that last two seconds: they cause collections, as in every service. */
  sessions() {
    const held = [];
    return function keepSessions(seconds) {
      while (held[0]?.until < seconds) held.shift();
      const data = [];
      for (let i = 0; i < 192; i++) data.push(new Array(NUMBERS).fill(i));
      held.push({ until: seconds + 2, data });
    };
  },

  /** A cache that fills, ever slower, and stays as it is. */
  cache() {
    const held = [];
    return function fillCache(seconds) {
      const count = Math.floor(192 * Math.exp(-seconds / 4));
      for (let i = 0; i < count; i++) held.push(new Array(NUMBERS).fill(i));
    };
  },

  /** A job of ten seconds that keeps its results until it ends. */
  batch() {
    let held = [];
    return function runBatch(seconds) {
      if (seconds % 10 > 6) held = [];
      else for (let i = 0; i < 64; i++) held.push(new Array(NUMBERS).fill(i));
    };
  },

  /** A service that loads data in its first seconds, and none later. */
  'warm-up'() {
    const held = [];
    return function warmUp(seconds) {
      if (seconds < 6) for (let i = 0; i < 128; i++) held.push(new Array(NUMBERS).fill(i));
    };
  },

  /** Visitors who stay for two seconds, more by day than by night; a day is 20 seconds long. */
  wave() {
    const held = [];
    return function keepVisitors(seconds) {
      while (held[0]?.until < seconds) held.shift();
      const count = Math.round(128 * (1 - Math.cos((2 * Math.PI * seconds) / 20)));
      const data = [];
      for (let i = 0; i < count; i++) data.push(new Array(NUMBERS).fill(i));
      held.push({ until: seconds + 2, data });
    };
  },
};

/** Returns a new store, as a function to be called repeatedly. */
export function newStore(name) {
  return STORES[name]();
}
