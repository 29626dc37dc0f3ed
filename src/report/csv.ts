/** Tables as CSV (RFC 4180). */
import type { AnalysisResult } from '../timeline/result.js';
import { windowTable } from './window-table.js';

/** Rows of cells, `null` for an empty one; lines end in CR LF. */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  const quote = (value: string | number | null) => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((cells) => `${cells.map(quote).join(',')}\r\n`).join('');
}

/** The table of `windowTable`. `head` gives the line of names too. */
export function windowsCsv(file: string, result: AnalysisResult, head: boolean): string {
  const columns = windowTable(file, result);
  const rows = columns[0]!.values.map((_, i) => columns.map(({ values }) => values[i]!));
  return csvText(head ? [columns.map(({ name }) => name), ...rows] : rows);
}
