/** A model card for people to read: everything that stands in the file's own card, and nothing else. */
import type { CardMetrics, ModelCard } from '../network/card.js';

/** One shipped or trained model. */
export interface CardOf {
  /** How it is called on the command line, or its file's name. */
  name: string;
  card: ModelCard;
  /** Of the network for I-frames in the same file. */
  keyframes: ModelCard | undefined;
  /** SHA-256 of the file. */
  hash: string;
}

/** Markdown from a second-level heading on. */
export function cardMarkdown({ name, card, keyframes, hash }: CardOf): string {
  const { signal, data, training } = card;
  const settings = Object.entries(training.hyperparameters).map(([key, value]) => `${key} ${value}`);
  const reads = `${signal.kind}, ${signal.frames} samples of ${signal.size} x ${signal.size}`;
  const second =
    keyframes &&
    `; and up to ${keyframes.signal.frames} I-frames of ${keyframes.signal.size} x ${keyframes.signal.size}`;
  const rows = [
    ['version, date', `${card.name} ${card.version}, ${card.date}`],
    ['licence', card.licence],
    ['file', `SHA-256 ${hash}`],
    ['reads', `${reads}${second ?? ''}`],
    ['answers', card.labels.join(', ')],
    [
      'network',
      `${card.network.channels.join('-')} channels, ${card.network.temporal} over time${card.mirror ? ', mean over the clip and its mirror image' : ''}`,
    ],
    [
      'trained on',
      `${data.name}, ${data.clips} clips of folds ${data.folds.join(', ')} (manifest ${data.sha256.slice(0, 12)}${data.origin ? `, re-encoded from ${data.origin.name} ${data.origin.sha256.slice(0, 12)}` : ''})`,
    ],
    ['training', `${training.epochs} epochs, seed ${training.seed}; ${settings.join(', ')}`],
    ['calibration', calibration(card)],
    ...(card.quantisation ? [['integers', quantisation(card.quantisation)] as const] : []),
    ['intended use', card.intendedUse],
    ['not for', card.forbiddenUse],
    ['notes', card.notes || 'none'],
  ] as const;
  const table = rows.map(([key, value]) => `| ${key} | ${cell(value)} |`);
  return [`## ${name}`, '', '| | |', '| --- | --- |', ...table, '', ...card.metrics.flatMap(measures)].join('\n');
}

function quantisation({ clips, folds }: NonNullable<ModelCard['quantisation']>): string {
  return `weights of 7 bits, activations of 8 with ranges seen in ${clips} clips of folds ${folds.join(', ')}`;
}

function calibration({ temperature, keyframes }: ModelCard): string {
  if (temperature === undefined && !keyframes) return 'none';
  const own = `temperature ${(temperature ?? 1).toFixed(2)} for P-frames alone`;
  return keyframes
    ? `${own}; with I-frames temperature ${keyframes.temperature.toFixed(2)}, I-frames' weight ${keyframes.weight.toFixed(2)}`
    : own;
}

function measures({ split, n, war, uar, macroF1, ece, byCondition, byGroup }: CardMetrics): string[] {
  const percent = (value: number | undefined) => (value === undefined ? '' : `${(100 * value).toFixed(1)}%`);
  const parts = [...Object.entries(byCondition), ...Object.entries(byGroup)];
  return [
    `**${capital(split)}**`,
    '',
    '| clips | n | WAR | UAR | macro-F1 | ECE |',
    '| --- | --- | --- | --- | --- | --- |',
    `| all | ${n} | ${percent(war)} | ${percent(uar)} | ${percent(macroF1)} | ${percent(ece)} |`,
    ...parts.map(([name, part]) => `| ${cell(name)} | ${part.n} | ${percent(part.war)} | ${percent(part.uar)} | | |`),
    '',
  ];
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
