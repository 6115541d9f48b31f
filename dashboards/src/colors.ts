/** Colours that are distinct with any form of colour blindness (Okabe and Ito, and some more), readable on light and dark. */
export const COLORS = {
  blue: '#0072B2',
  sky: '#56B4E9',
  green: '#009E73',
  yellow: '#F0E442',
  orange: '#E69F00',
  vermilion: '#D55E00',
  purple: '#CC79A7',
  grey: '#999999',
  darkGrey: '#666666',
  lightGrey: '#BBBBBB',
  brown: '#A6761D',
  violet: '#8E6BB8',
} as const;

export type Color = (typeof COLORS)[keyof typeof COLORS];

/** Kinds of resident memory, in the order in which they are stacked. */
export const KIND_COLORS: Readonly<Record<string, Color>> = {
  heap: COLORS.blue,
  code: COLORS.sky,
  array_buffers: COLORS.green,
  external: COLORS.yellow,
  malloc: COLORS.orange,
  allocator_retained: COLORS.brown,
  worker: COLORS.violet,
  profiler: COLORS.purple,
  stack: COLORS.grey,
  mapped_file: COLORS.darkGrey,
  shared: COLORS.lightGrey,
  unexplained: COLORS.vermilion,
};

/** Ages of what is in use, from young to old. */
export const AGE_COLORS: Readonly<Record<string, Color>> = {
  '<10s': COLORS.sky,
  '10s-1m': COLORS.blue,
  '1m-10m': COLORS.green,
  '10m-1h': COLORS.orange,
  '>1h': COLORS.vermilion,
  unknown: COLORS.grey,
  'all ages': COLORS.blue,
};
