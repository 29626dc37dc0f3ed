/** Formats of result files. */
export const formats = ['json', 'jsonl', 'csv', 'webvtt'] as const;
export type Format = (typeof formats)[number];
