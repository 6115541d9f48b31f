/**
 * Buckets of retention age, youngest first. The age of a sample is the time since it was first seen. The last
 * bucket holds what was carried over a restart of the sampler with another interval.
 */
export const AGE_BUCKETS = ['<10s', '10s-1m', '1m-10m', '10m-1h', '>1h', 'unknown'] as const;
export type AgeBucket = (typeof AGE_BUCKETS)[number];
