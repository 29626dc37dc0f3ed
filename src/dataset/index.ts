/** `vultus/dataset`: the data-set format, its checks, subject-independent splits; corpora and their preparation. */
export {
  type Corpus,
  type CorpusClip,
  type CorpusVariant,
  corpora,
  type PictureSource,
  type PublishedCounts,
  type Round,
  type Scan,
  type Skip,
  type SkipKind,
  type VideoSource,
} from './corpora/index.js';
export { type CsvRecord, type CsvTable, parseCsv, parseTable } from './csv.js';
export { type Dataset, type DatasetOptions, labelsOf, loadDataset } from './dataset.js';
export { type FaceTable, facesOf, parseFaces } from './faces.js';
export { assertDisjointSubjects, type Split, splitByFold } from './folds.js';
export { type DatasetClip, knownLabels, parseManifest, requiredColumns } from './manifest.js';
export type { FaceFinder } from './preparation/boxes.js';
export { type LoadedFinder, loadFinder } from './preparation/detector.js';
export { checkFolds, type FoldContent, type FoldFile, foldFile, parseFoldFile } from './preparation/fold-file.js';
export { type PrepareEvents, type PrepareOptions, prepare } from './preparation/prepare.js';
export type { CorpusReport, Count } from './preparation/report.js';
export {
  type ReencodeEvents,
  type ReencodeFault,
  type ReencodeOptions,
  type ReencodeReport,
  reencode,
} from './reencoding/reencode.js';
export { type Variant, variantsSchema } from './reencoding/variants.js';
