/**
 * Published figures that a reproduction is set beside. Only figures whose source was read: `seen` says where. A figure that
 * was got in another way than ours says so in `differs`. The method's own paper gives no figure in its abstract.
 */

/** One figure of one paper on one corpus. */
export interface PublishedFigure {
  corpus: string;
  /** Variants of the corpus that it speaks of. */
  variants: readonly string[];
  method: string;
  /** Accuracy in percent. */
  accuracy: number;
  /** What the method sees. */
  input: string;
  citation: string;
  /** The protocol in the source's words, as far as it says. */
  protocol: string;
  /** How the protocol or the input differs from ours; left out: not that we know. */
  differs?: string;
  /** Where the figure was read. */
  seen: string;
}

const fan =
  'D. Meng, X. Peng, K. Wang, Y. Qiao. Frame attention networks for facial expression recognition in videos. ICIP 2019, arXiv 1907.00193.';
const sdCnn =
  'L. Liu, R. Jiang, J. Huo, J. Chen. Self-Difference Convolutional Neural Network for Facial Expression Recognition. Sensors 21(6), 2021.';
const landmarks =
  'E. Ryumina, A. Karpov. Facial Expression Recognition using Distance Importance Scores Between Facial Landmarks. GraphiCon 2020, CEUR-WS Vol-2744.';

/** All of them. */
export const publishedFigures: readonly PublishedFigure[] = [
  {
    corpus: 'ck-plus',
    variants: ['7'],
    method: 'FAN',
    accuracy: 99.69,
    input: 'decoded pictures',
    citation: fan,
    protocol: '10-fold cross-validation, seven classes',
    differs:
      'its network was trained on other expression pictures before; the assignment of subjects to folds may differ',
    seen: 'public listings of the paper’s results',
  },
  {
    corpus: 'ck-plus',
    variants: ['7'],
    method: 'SD-CNN',
    accuracy: 99.7,
    input: 'decoded pictures',
    citation: sdCnn,
    protocol: 'not stated in its abstract',
    differs: 'single pictures, against synthesised ones of the same person; six typical expressions are synthesised',
    seen: 'its abstract',
  },
  {
    corpus: 'ck-plus',
    variants: ['7'],
    method: 'CNN on dense flow + SVM on landmark flow',
    accuracy: 99.69,
    input: 'optical flow of decoded pictures',
    citation:
      'Facial expression recognition with a hybrid of CNN and SVM on dynamic data. Applied Sciences 12(11), 5493, 2022.',
    protocol: 'seven classes; the folds are not stated in its abstract',
    differs: 'not known to be subject-independent',
    seen: 'its abstract',
  },
  {
    corpus: 'ck-plus',
    variants: ['7'],
    method: 'STM-ExpLet',
    accuracy: 94.2,
    input: 'decoded pictures',
    citation:
      'M. Liu, S. Shan, R. Wang, X. Chen. Learning expressionlets on spatio-temporal manifold for dynamic facial expression recognition. CVPR 2014.',
    protocol: '10-fold cross-validation, seven classes',
    differs: 'the assignment of subjects to folds may differ',
    seen: 'the comparison table of arXiv 1707.04061',
  },
  {
    corpus: 'oulu-casia',
    variants: ['vl-strong'],
    method: 'SD-CNN',
    accuracy: 91.3,
    input: 'decoded pictures',
    citation: sdCnn,
    protocol: 'not stated in its abstract',
    differs: 'single pictures, against synthesised ones of the same person',
    seen: 'its abstract',
  },
  {
    corpus: 'afew',
    variants: ['emotiw'],
    method: 'LBP-TOP (baseline of the challenge)',
    accuracy: 38.81,
    input: 'decoded pictures',
    citation: 'A. Dhall et al. EmotiW 2016: video and group-level emotion recognition challenges. ICMI 2016.',
    protocol: 'trained on Train, tested on Val',
    seen: 'a public description of the data set with the challenge’s counts',
  },
  {
    corpus: 'afew',
    variants: ['emotiw'],
    method: 'FAN',
    accuracy: 51.18,
    input: 'decoded pictures',
    citation: fan,
    protocol: 'trained on Train, tested on Val',
    differs: 'its network was trained on other expression pictures before',
    seen: 'public listings of the paper’s results',
  },
  {
    corpus: 'ravdess',
    variants: ['speech'],
    method: 'CNN-14 on speech + spatial transformer and bi-LSTM on faces',
    accuracy: 80.08,
    input: 'sound and decoded pictures',
    citation:
      'C. Luna-Jiménez, D. Griol, Z. Callejas, R. Kleinlein, J. M. Montero, F. Fernández-Martínez. Multimodal emotion recognition on RAVDESS dataset using transfer learning. Sensors 21(22), 7665, 2021.',
    protocol: 'subject-wise 5-fold cross-validation, eight classes; the folds are the ones used here',
    differs: 'it hears the voice too',
    seen: 'its abstract (PMC8618559)',
  },
  {
    corpus: 'ravdess',
    variants: ['speech', 'speech-and-song'],
    method: 'LSTM on distances of landmarks',
    accuracy: 98.9,
    input: 'landmarks of decoded pictures',
    citation: landmarks,
    protocol: 'not stated in its abstract',
    differs: 'not known to be subject-independent',
    seen: 'its abstract',
  },
  {
    corpus: 'crema-d',
    variants: ['intended'],
    method: 'people who saw the video without sound',
    accuracy: 58.2,
    input: 'video',
    citation:
      'H. Cao et al. CREMA-D: Crowd-sourced Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 2014.',
    protocol: 'crowd-sourced ratings, agreement with the intended expression; 63.6 with sound',
    differs: 'human raters: nothing was trained',
    seen: 'its abstract',
  },
  {
    corpus: 'crema-d',
    variants: ['intended'],
    method: 'LSTM on distances of landmarks',
    accuracy: 79.1,
    input: 'landmarks of decoded pictures',
    citation: landmarks,
    protocol: 'not stated in its abstract',
    differs: 'not known to be subject-independent',
    seen: 'its abstract',
  },
];
