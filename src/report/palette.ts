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
