/** Colours that differ for people with any colour vision: Okabe and Ito's, and others that are darker or lighter. */
const PARTS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#d55e00',
  '#f0e442',
  '#8e6bb8',
  '#a6761d',
  '#1b4965',
  '#c5d86d',
  '#7f2a45',
  '#f4a582',
];
const OTHER = '#8a8f98';
/** Parts that stand for none in particular. */
const OTHERS: ReadonlySet<string> = new Set(['unexplained', 'other']);

/** Returns the colour of a part by its name and place. */
export function partColor(name: string, at: number): string {
  return OTHERS.has(name.toLowerCase()) ? OTHER : PARTS[at % PARTS.length]!;
}
