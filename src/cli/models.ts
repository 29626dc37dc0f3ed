/** The models that come with the package, by name. */

const shipped: Readonly<Record<string, string>> = {
  default: '../../models/default.onnx',
  residual: '../../models/residual.onnx',
  // The default in 8-bit integers.
  int8: '../../models/int8.onnx',
  // The default's recipe without the people of folds 8 and 9 of its data: the figures of the cards can be repeated with it.
  heldout: '../../models/heldout.onnx',
};

/** Their names. */
export const shippedModels: readonly string[] = Object.keys(shipped);

/** Where a model is: one of the package's by its name, else the path as it stands. */
export function modelNamed(name: string): string | URL {
  const path = shipped[name];
  return path === undefined ? name : new URL(path, import.meta.url);
}
