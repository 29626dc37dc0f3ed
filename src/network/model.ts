/** A trained model as one file: export to ONNX with the card inside, loading, prediction. */
import type { ModelCard } from './card.js';
import type { WeightSet } from './weights.js';

/** What a network answers for n clips. */
export interface Prediction {
  /** Softmax of the logits, [n, classes]. */
  probabilities: Float32Array;
  /** z_e, [n, embedding]. */
  embedding: Float32Array;
}

/** A loaded expression model. Close it when done. */
export interface ExpressionModel {
  readonly card: ModelCard;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
  /** `input` is float32 [n, T, C, S, S] in the card's signal and normalisation; any n from 1. Throws ModelError on a wrong length. */
  predict(input: Float32Array, n: number): Promise<Prediction>;
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Threads inside an operator; 1 by default: start several models rather than one with many threads. */
  threads?: number;
}

/** One `.onnx` file: batch norm folded, batch dimension N free, outputs `logits`, `probabilities`, `embedding`, the card in `metadata_props`. */
export declare function exportModel(weights: WeightSet, card: ModelCard): Uint8Array;

/** Loads a model from a path, a URL (file: or http:) or its bytes. Throws ModelError saying what is wrong. */
export declare function loadModel(source: string | URL | Uint8Array, options?: LoadOptions): Promise<ExpressionModel>;
