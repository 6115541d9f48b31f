const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** Formats bytes with three or four digits and a binary unit: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // From 1023.95 on, one decimal would be displayed as 1024.0.
  while (Math.abs(value) >= 1023.95 && unit < BINARY_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BINARY_UNITS[unit]}`;
}

/** Formats a value of a profile's column in the column's unit. */
export function formatQuantity(value: number, unit: string): string {
  return unit === 'bytes' ? formatBytes(value) : value.toLocaleString('en-US');
}

/** Formats a share from 0 to 1 as `12.3%`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
