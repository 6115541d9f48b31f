/** Options without which the debug server must not be started, once a setting may have been meant as one of them. */
export type ServerOption = 'debugAddress' | 'debugToken';

/** Matches misspelt names of the address. Kubernetes makes variables that end in `_PORT` and `_HOST`, so these do not count. */
const ADDRESS = /^(?:heapray_)?debug[^a-z]?(?:ad+re?s*|server)?$/i;
/** Matches keys outside `[heapray]`, where `debug` is the key of others. */
const ADDRESS_KEY = /^debug[^a-z]?ad+re?s*$/i;

/** Returns the option that an unknown variable of heapray's, or an unknown key in `[heapray]`, may be meant as. */
export function maybeMeant(name: string): ServerOption | undefined {
  if (/token/i.test(name)) return 'debugToken';
  return ADDRESS.test(name) ? 'debugAddress' : undefined;
}

/** Returns the same for a key outside `[heapray]`. Most of these belong to other programs, such as tokens of Airflow. */
export function maybeMeantElsewhere(key: string): ServerOption | undefined {
  if (/debug.*token/i.test(key)) return 'debugToken';
  return ADDRESS_KEY.test(key) ? 'debugAddress' : undefined;
}

/** Returns the effect of a setting that may be meant as this option. */
export function lostEffect(option: ServerOption): string {
  return `it may be meant as ${option}: the debug server is not started unless that is set`;
}
