/** The windows of an analysis as an Apache Parquet file. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { AnalysisResult } from '../timeline/result.js';
import { windowTable } from './window-table.js';

/** The table of `windowTable`; the file's own metadata names labels, model and version too, for a table without rows. */
export function windowsParquet(file: string, result: AnalysisResult): Uint8Array {
  const { card, hash } = result.model;
  const facts = { labels: result.labels, model: { name: card.name, version: card.version, hash } };
  const buffer = parquetWriteBuffer({
    columnData: windowTable(file, result).map(({ name, type, values }) => ({ name, type, data: values })),
    kvMetadata: [{ key: 'vultus', value: JSON.stringify(facts) }],
  });
  return new Uint8Array(buffer);
}
