/** Reverse-mode differentiation: the backward pass, built as more of the same graph. */
import { ModelError } from '../errors.js';
import { expand } from './broadcast.js';
import { add } from './elementwise.js';
import { constant, type Operator, type Tensor } from './tensor.js';

/**
 * Gradients of the scalar `loss` with respect to each tensor of `wrt`, in its shape; zeros where the loss does not depend
 * on it. Any tensor may stand in `wrt`, not leaves alone.
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0 || loss.type !== 'float32') {
    throw new ModelError(`gradients: the loss has shape [${loss.shape}], it must be a float32 scalar`);
  }
  const needed = dependents(loss, wrt);
  const sums = new Map<Tensor, Tensor>([[loss, constant(1)]]);
  // Newest first: when an operator's turn comes, all that its outputs feed has been done.
  for (const operator of [...needed].sort((a, b) => b.id - a.id)) {
    const dys = operator.outputs.map((output) => sums.get(output));
    if (dys.every((dy) => dy === undefined)) continue;
    const gradient = operator.gradient;
    if (!gradient) throw new ModelError(`gradients: ${operator.type} has no gradient`);
    const dxs = gradient(dys);
    operator.inputs.forEach((x, i) => {
      const dx = dxs[i];
      if (!x || !dx) return;
      if (dx.shape.join() !== x.shape.join()) {
        throw new ModelError(`gradients: ${operator.type} input ${i} is [${x.shape}], its gradient [${dx.shape}]`);
      }
      const sum = sums.get(x);
      sums.set(x, sum ? add(sum, dx) : dx);
    });
  }
  return wrt.map((x) => sums.get(x) ?? expand(constant(0), x.shape));
}

/** The operators between `wrt` and `loss`: only these are walked back through. */
function dependents(loss: Tensor, wrt: readonly Tensor[]): Set<Operator> {
  const targets = new Set(wrt);
  const all = new Set<Operator>();
  const visit = [loss];
  while (visit.length > 0) {
    const tensor = visit.pop()!;
    if (tensor.source.kind !== 'operator' || all.has(tensor.source.operator)) continue;
    all.add(tensor.source.operator);
    for (const x of tensor.source.operator.inputs) if (x) visit.push(x);
  }
  const reaches = new Set<Operator>();
  for (const operator of [...all].sort((a, b) => a.id - b.id)) {
    const touched = operator.inputs.some(
      (x) => x && (targets.has(x) || (x.source.kind === 'operator' && reaches.has(x.source.operator))),
    );
    if (touched) reaches.add(operator);
  }
  return reaches;
}
