/**
 * Returns a command line with a note that the capture is sampled. memray shows it beside figures such as counts and
 * histograms, and has no other place that could say so.
 *
 * @param samplingInterval mean bytes between two samples; it may grow while a capture goes on, but never shrinks
 */
export function notedCommandLine(commandLine: string, samplingInterval: number): string {
  const [size, unit] =
    samplingInterval % 1024 === 0 ? [samplingInterval / 1024, 'KiB'] : [samplingInterval, 'bytes'];
  const note = `(heapray: sampled every ${size} ${unit} or more; sizes and counts are estimates)`;
  return commandLine === '' ? note : `${commandLine} ${note}`;
}
