/** Colours of parts, the lowest first: Okabe and Ito's, which people with any colour vision can tell apart. */
const PARTS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#8a8f98'];

/** Returns the colour of a part by its place. */
export function partColor(at: number): string {
  return PARTS[at % PARTS.length]!;
}

/** Returns the value of a custom property of the page's style. */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
