/** Colours of the labels, in daylight and in the dark. Told apart by lightness as well as hue. */

export interface Colour {
  light: string;
  dark: string;
}

const known: Record<string, Colour> = {
  anger: { light: '#c8364b', dark: '#f0647a' },
  disgust: { light: '#5b8c2a', dark: '#93c75a' },
  fear: { light: '#7a4fb5', dark: '#b08ae8' },
  happiness: { light: '#d98e04', dark: '#f7bd45' },
  sadness: { light: '#2b6cb0', dark: '#63a8ec' },
  surprise: { light: '#0b8f8a', dark: '#3fcfc6' },
  contempt: { light: '#a8501f', dark: '#e0915f' },
  neutral: { light: '#7b8494', dark: '#9aa5b8' },
};
const others: Colour[] = Object.values(known);

/** The colour of label `index` of a model: its own if the label is a common one. */
export function colourOf(label: string, index: number): Colour {
  return known[label.toLowerCase()] ?? others[index % others.length]!;
}

/** Contrast of two colours (`#rrggbb`), 1..21, by WCAG 2.2. */
export function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((p, q) => p - q);
  return (high! + 0.05) / (low! + 0.05);
}

/** White or near-black: whichever can be read better on this colour. */
export function inkOn(colour: string): string {
  const [white, black] = ['#ffffff', '#0d1014'];
  return contrast(white, colour) >= contrast(black, colour) ? white : black;
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
