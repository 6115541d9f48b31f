/**
 * Adds to a command line the note that the capture is sampled. memray shows the command line beside counts
 * and histograms, and has no other place for such a note.
 *
 * @param samplingInterval smallest mean bytes between two samples during the capture
 */
export function notedCommandLine(commandLine: string, samplingInterval: number): string {
  const [size, unit] =
    samplingInterval % 1024 === 0 ? [samplingInterval / 1024, 'KiB'] : [samplingInterval, 'bytes'];
  const note = `(heapray: sampled every ${size} ${unit} or more; sizes and counts are estimates)`;
  return commandLine === '' ? note : `${commandLine} ${note}`;
}
