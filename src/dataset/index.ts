/** `vultus/dataset`: the data-set format, its checks, subject-independent splits. */
export { type CsvRecord, type CsvTable, parseCsv, parseTable } from './csv.js';
export { type Dataset, type DatasetOptions, labelsOf, loadDataset } from './dataset.js';
export { parseFaces } from './faces.js';
export { assertDisjointSubjects, type Split, splitByFold } from './folds.js';
export { type DatasetClip, knownLabels, parseManifest, requiredColumns } from './manifest.js';
