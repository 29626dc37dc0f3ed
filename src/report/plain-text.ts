/** Tables, bars and strips of plain text. */

/** Columns are as wide as their widest cell; numbers stand right, words left. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [],
): string {
  const widths = head.map((cell, c) => Math.max(cell.length, ...rows.map((row) => row[c]!.length)));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, c) => (left.includes(c) ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(lineOf).join('\n');
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of up to `width` characters in steps of an eighth. */
export function bar(share: number, width: number): string {
  const steps = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  return '█'.repeat(steps >> 3) + eighths[steps & 7];
}

const levels = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Values of 0 to 1 as a line of blocks. */
export function strip(values: readonly number[]): string {
  return values.map((value) => levels[Math.round(Math.min(1, Math.max(0, value)) * 8)]).join('');
}

/** Means of `values` in `count` equal parts; values are repeated where there are fewer. */
export function resample(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * values.length) / count);
    const part = values.slice(from, Math.max(from + 1, Math.floor(((i + 1) * values.length) / count)));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** `1.2 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit + 1 < units.length) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
