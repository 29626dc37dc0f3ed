/** The corpora that vultus reads, by name. */
import { afew } from './afew.js';
import { ckPlus } from './ck-plus.js';
import type { Corpus } from './corpus.js';
import { cremaD } from './crema-d.js';
import { mmi } from './mmi.js';
import { ouluCasia } from './oulu-casia.js';
import { ravdess } from './ravdess.js';

export {
  type Corpus,
  type CorpusClip,
  type CorpusVariant,
  faults,
  type PictureSource,
  type PublishedCounts,
  type Round,
  roundsOf,
  type Scan,
  type Skip,
  type SkipKind,
  type VideoSource,
} from './corpus.js';

/** All of them. */
export const corpora: readonly Corpus[] = [ckPlus, mmi, afew, ouluCasia, ravdess, cremaD];
