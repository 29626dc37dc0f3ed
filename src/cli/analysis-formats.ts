/** Formats of result files, and the endings of their names. */
export const endings = {
  json: '.json',
  jsonl: '.jsonl',
  csv: '.csv',
  parquet: '.parquet',
  webvtt: '.vtt',
  /** Not a format that is asked for by name: `--report`. */
  report: '.html',
} as const;
export type Format = keyof typeof endings;

/** Those that `--format` takes. */
export const formats = ['json', 'jsonl', 'csv', 'parquet', 'webvtt'] as const satisfies readonly Format[];
