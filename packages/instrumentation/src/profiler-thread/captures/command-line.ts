/** Facts about a capture that are in its command line. */
export interface CaptureFacts {
  /** Smallest mean bytes between two samples during the capture. */
  readonly samplingInterval: number;
  /** True if the optimizer may have inlined functions. */
  readonly mayHaveInlined: boolean;
  /** See `scopeText`. */
  readonly scope: string;
}

export const WHOLE_PROCESS = 'scope: process';

/**
 * Returns what a capture of a component says about its content. The length is always the same.
 *
 * @param unassigned part of the process's bytes whose component is not known, from 0 to 1; undefined if that is not known
 */
export function scopeText(unassigned: number | undefined): string {
  const percent = unassigned === undefined ? '?.?' : (100 * Math.min(1, unassigned)).toFixed(1);
  return `scope: component, ${percent.padStart(5)} % of the process unassigned`;
}

/**
 * Adds to a command line the note that the capture is sampled. memray shows the command line beside counts
 * and histograms, and has no other place for such a note.
 */
export function notedCommandLine(commandLine: string, facts: CaptureFacts): string {
  const { samplingInterval, mayHaveInlined, scope } = facts;
  const [size, unit] =
    samplingInterval % 1024 === 0 ? [samplingInterval / 1024, 'KiB'] : [samplingInterval, 'bytes'];
  const inlined = mayHaveInlined ? 'functions may include inlined ones; ' : '';
  const note = `sampled every ${size} ${unit} or more; ${scope}; ${inlined}sizes and counts are estimates`;
  return withNote(commandLine, note);
}

/** Width of the largest number of missed allocations that the note can hold. */
const MISSED_DIGITS = 12;

/**
 * Adds to a command line the note that the capture is exact. The length is always the same.
 *
 * @param scope see `scopeText`
 * @param missed number of allocations of the main thread that are in it without stack and size; undefined if it may lack others
 */
export function exactCommandLine(commandLine: string, scope: string, missed: number | undefined): string {
  const count = `${missed ?? 'unknown'}`.padStart(MISSED_DIGITS);
  return withNote(
    commandLine,
    `exact: every allocation of the main thread, ${count} of them without stack; ${scope}; worker threads are sampled`,
  );
}

function withNote(commandLine: string, text: string): string {
  const note = `(heapray: ${text})`;
  return commandLine === '' ? note : `${commandLine} ${note}`;
}
