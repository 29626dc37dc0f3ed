/** Comma-separated values as RFC 4180 has them: quoted fields, doubled quotes, line breaks inside quotes, CRLF or LF. */
import { MalformedStreamError } from '../errors.js';

/** One record and the line on which it begins, from 1. */
export interface CsvRecord {
  line: number;
  fields: string[];
}

/** All records, empty lines left out. Throws MalformedStreamError naming the line for a stray or unclosed quote. */
export function parseCsv(text: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let position = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (position < text.length) {
    const record: CsvRecord = { line, fields: [] };
    for (;;) {
      let field: string;
      if (text[position] === '"') {
        field = '';
        for (position++; ; position++) {
          const quote = text.indexOf('"', position);
          if (quote < 0) throw new MalformedStreamError(`${name}, line ${record.line}: a quote is never closed`);
          field += text.slice(position, quote);
          position = quote + 1;
          if (text[position] !== '"') break;
          field += '"';
        }
        line += field.split('\n').length - 1;
      } else {
        let end = position;
        while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++;
        field = text.slice(position, end);
        position = end;
        if (field.includes('"')) {
          throw new MalformedStreamError(`${name}, line ${line}: a quote inside a field that is not quoted`);
        }
      }
      record.fields.push(field);
      if (text[position] === ',') {
        position++;
        continue;
      }
      if (text[position] === '\r') position++;
      if (position < text.length && text[position] !== '\n') {
        throw new MalformedStreamError(`${name}, line ${line}: text after a closing quote`);
      }
      position++;
      line++;
      break;
    }
    if (record.fields.length > 1 || record.fields[0] !== '') records.push(record);
  }
  return records;
}

/** A table: its header's names, and each row as an object with its line. */
export interface CsvTable {
  columns: string[];
  rows: { line: number; values: Record<string, string> }[];
}

/** Reads a table whose first record names the columns. Throws MalformedStreamError for missing, doubled or ragged columns. */
export function parseTable(text: string, name: string, required: readonly string[]): CsvTable {
  const [header, ...records] = parseCsv(text, name);
  if (!header) throw new MalformedStreamError(`${name} is empty: its first line must name the columns`);
  const columns = header.fields.map((column) => column.trim());
  const doubled = columns.find((column, i) => columns.indexOf(column) !== i);
  if (doubled !== undefined) throw new MalformedStreamError(`${name}: column ${doubled} appears twice`);
  const missing = required.filter((column) => !columns.includes(column));
  if (missing.length > 0) throw new MalformedStreamError(`${name}: no column ${missing.join(', ')}`);
  const rows = records.map(({ line, fields }) => {
    if (fields.length !== columns.length) {
      throw new MalformedStreamError(`${name}, line ${line}: ${fields.length} fields where ${columns.length} are due`);
    }
    return { line, values: Object.fromEntries(columns.map((column, i) => [column, fields[i]!])) };
  });
  return { columns, rows };
}
