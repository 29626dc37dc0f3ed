/**
 * An independent float64 evaluation of a graph, written for clarity: the tests' yardstick for forward values and, through
 * central differences, for gradients. It shares nothing with the engine but the graph's data types.
 */
import { type Attribute, type Operator, operatorsBehind, sizeOf, type Tensor } from '../../src/graph/index.js';

type Numbers = Float64Array;

/** Values of `outputs` for the given inputs (by name), all in float64. */
export function evaluate(outputs: readonly Tensor[], inputs: Readonly<Record<string, ArrayLike<number>>>): Numbers[] {
  const known = new Map<Tensor, Numbers>();
  const numbersOf = (tensor: Tensor): Numbers => {
    const { source } = tensor;
    if (source.kind === 'input') {
      const given = inputs[source.name];
      if (!given || given.length !== sizeOf(tensor.shape)) throw new Error(`no values for ${source.name}`);
      return Float64Array.from(given);
    }
    if (source.kind === 'constant') return Float64Array.from(source.values as Float32Array, Number);
    return known.get(tensor)!;
  };
  for (const operator of operatorsBehind(outputs)) {
    const xs = operator.inputs.map((x) => (x ? numbersOf(x) : undefined));
    const ys = run(operator, xs as Numbers[]);
    operator.outputs.forEach((tensor, i) => {
      const y = ys[i]!;
      if (y.length !== sizeOf(tensor.shape))
        throw new Error(`${operator.type}: ${y.length} values for [${tensor.shape}]`);
      known.set(tensor, y);
    });
  }
  return outputs.map(numbersOf);
}

const ints = (a: Attribute | undefined): readonly number[] => (a && 'ints' in a ? a.ints : []);
const int = (a: Attribute | undefined, otherwise: number): number => (a && 'int' in a ? a.int : otherwise);
const float = (a: Attribute | undefined): number => (a && 'float' in a ? a.float : Number.NaN);

const unary: Record<string, (x: number) => number> = {
  Neg: (x) => -x,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Tanh: Math.tanh,
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Softplus: (x) => Math.log1p(Math.exp(x)),
  Relu: (x) => Math.max(x, 0),
  Abs: Math.abs,
  Sign: Math.sign,
  Identity: (x) => x,
  Cast: (x) => x,
};
const binary: Record<string, (a: number, b: number) => number> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Min: Math.min,
  Greater: (a, b) => Number(a > b),
  Less: (a, b) => Number(a < b),
  Equal: (a, b) => Number(a === b),
};

/** Calls `visit` with every index of `shape`, in row-major order. */
function each(shape: readonly number[], visit: (index: number[], flat: number) => void): void {
  const total = sizeOf(shape);
  const index = shape.map(() => 0);
  for (let flat = 0; flat < total; flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Position in a row-major array of `shape`; axes of size 1 broadcast, missing leading axes too. */
function at(shape: readonly number[], index: readonly number[]): number {
  const lead = index.length - shape.length;
  return shape.reduce((flat, n, axis) => flat * n + (n === 1 ? 0 : index[axis + lead]!), 0);
}

function run(operator: Operator, xs: Numbers[]): Numbers[] {
  const { type, attributes } = operator;
  const shapes = operator.inputs.map((x) => x?.shape ?? []);
  const shape = operator.outputs[0]!.shape;
  const [x, w] = xs as [Numbers, Numbers];
  const y = new Float64Array(sizeOf(shape));
  const all = (value: (index: number[], flat: number) => number) => {
    each(shape, (index, flat) => {
      y[flat] = value(index, flat);
    });
    return [y];
  };
  if (type in unary) return [x.map(unary[type]!)];
  if (type in binary) return all((i) => binary[type]!(x[at(shapes[0]!, i)]!, w[at(shapes[1]!, i)]!));
  switch (type) {
    case 'Clip':
      return [x.map((v) => Math.min(Math.max(v, xs[1]![0]!), xs[2]![0]!))];
    case 'Where':
      return all((i) => (x[at(shapes[0]!, i)] ? w[at(shapes[1]!, i)]! : xs[2]![at(shapes[2]!, i)]!));
    case 'Reshape':
      return [x];
    case 'Expand':
      return all((i) => x[at(shapes[0]!, i)]!);
    case 'Transpose': {
      const order = ints(attributes.perm);
      return all((i) => {
        const from: number[] = [];
        order.forEach((axis, j) => {
          from[axis] = i[j]!;
        });
        return x[at(shapes[0]!, from)]!;
      });
    }
    case 'Slice': {
      const [, starts, , axes, steps] = xs as Numbers[];
      return all((i) => {
        const from = [...i];
        axes!.forEach((axis, j) => {
          from[axis] = starts![j]! + i[axis]! * steps![j]!;
        });
        return x[flatten(shapes[0]!, from)]!;
      });
    }
    case 'Pad': {
      const rank = shape.length;
      return all((i) => {
        const from = i.map((v, axis) => v - w[axis]!);
        const inside = from.every((v, axis) => v >= 0 && v < shapes[0]![axis]!);
        return inside && rank > 0 ? x[flatten(shapes[0]!, from)]! : xs[2]![0]!;
      });
    }
    case 'Concat': {
      const axis = int(attributes.axis, 0);
      return all((i) => {
        let rest = i[axis]!;
        let part = 0;
        while (rest >= shapes[part]![axis]!) rest -= shapes[part++]![axis]!;
        return xs[part]![flatten(shapes[part]!, i.with(axis, rest))]!;
      });
    }
    case 'Split': {
      const axis = int(attributes.axis, 0);
      let begin = 0;
      return operator.outputs.map((output) => {
        const part = new Float64Array(sizeOf(output.shape));
        each(output.shape, (i, flat) => {
          part[flat] = x[flatten(shapes[0]!, i.with(axis, i[axis]! + begin))]!;
        });
        begin += output.shape[axis]!;
        return part;
      });
    }
    case 'ReduceSum':
    case 'ReduceMean':
    case 'ReduceMax': {
      const axes = [...w];
      const kept = shapes[0]!.map((n, axis) => (axes.includes(axis) ? 1 : n));
      const count = x.length / y.length;
      y.fill(type === 'ReduceMax' ? Number.NEGATIVE_INFINITY : 0);
      each(shapes[0]!, (i, flat) => {
        const to = at(kept, i);
        y[to] =
          type === 'ReduceMax' ? Math.max(y[to]!, x[flat]!) : y[to]! + x[flat]! / (type === 'ReduceMean' ? count : 1);
      });
      return [y];
    }
    case 'Softmax': {
      const n = shape.at(-1)!;
      for (let row = 0; row < x.length; row += n) {
        const part = x.subarray(row, row + n);
        const top = Math.max(...part);
        const sum = part.reduce((s, v) => s + Math.exp(v - top), 0);
        part.forEach((v, j) => {
          y[row + j] = Math.exp(v - top) / sum;
        });
      }
      return [y];
    }
    case 'MatMul': {
      const depth = shapes[0]!.at(-1)!;
      const [m, n] = shape.slice(-2) as [number, number];
      const lead = shape.slice(0, -2);
      each([...lead, m, n], (i, flat) => {
        let sum = 0;
        for (let k = 0; k < depth; k++) {
          sum += x[at(shapes[0]!, [...i.slice(0, -1), k])]! * w[at(shapes[1]!, [...i.slice(0, -2), k, i.at(-1)!])]!;
        }
        y[flat] = sum;
      });
      return [y];
    }
    case 'Gemm': {
      const depth = shapes[0]![1]!;
      return all(([i, j]) => {
        let sum = xs[2]![j!]!;
        for (let k = 0; k < depth; k++) sum += x[i! * depth + k]! * w[k * shape[1]! + j!]!;
        return sum;
      });
    }
    case 'Conv':
    case 'ConvTranspose': {
      const forward = type === 'Conv';
      const [sh, sw] = ints(attributes.strides) as [number, number];
      const [ph, pw] = ints(attributes.pads) as [number, number];
      const [dh, dw] = 'dilations' in attributes ? (ints(attributes.dilations) as [number, number]) : [1, 1];
      // In both, `fine` is the side that strides step over and `coarse` the strided one.
      const fine = forward ? shapes[0]! : shape;
      const coarse = forward ? shape : shapes[0]!;
      const [k, c, kh, kw] = shapes[1] as [number, number, number, number];
      if (xs[2])
        each(shape, (i, flat) => {
          y[flat] = xs[2]![i[1]!]!;
        });
      each([coarse[0]!, k, coarse[2]!, coarse[3]!], ([n, out, oy, ox], coarseAt) => {
        for (let ch = 0; ch < c; ch++) {
          for (let i = 0; i < kh; i++) {
            for (let j = 0; j < kw; j++) {
              const row = oy! * sh + i * dh - ph;
              const column = ox! * sw + j * dw - pw;
              if (row < 0 || column < 0 || row >= fine[2]! || column >= fine[3]!) continue;
              const fineAt = flatten(fine, [n!, ch, row, column]);
              const weight = w[flatten(shapes[1]!, [out!, ch, i, j])]!;
              if (forward) y[coarseAt]! += x[fineAt]! * weight;
              else y[fineAt]! += x[coarseAt]! * weight;
            }
          }
        }
      });
      return [y];
    }
    case 'BatchNormalization': {
      const epsilon = Math.fround(float(attributes.epsilon));
      const [, gamma, beta, mean, variance] = xs as Numbers[];
      return all(([, c], flat) => {
        return (gamma![c!]! * (x[flat]! - mean![c!]!)) / Math.sqrt(variance![c!]! + epsilon) + beta![c!]!;
      });
    }
    case 'GlobalAveragePool': {
      const [n, c, h, width] = shapes[0] as [number, number, number, number];
      each([n, c, h, width], ([i, j], flat) => {
        y[i! * c + j!]! += x[flat]! / (h * width);
      });
      return [y];
    }
    case 'MaxPool':
    case 'AveragePool': {
      const [kh, kw] = ints(attributes.kernel_shape) as [number, number];
      const [sh, sw] = ints(attributes.strides) as [number, number];
      const [ph, pw] = ints(attributes.pads) as [number, number];
      const [, , height, width] = shapes[0] as [number, number, number, number];
      return all(([n, c, oy, ox]) => {
        let sum = 0;
        let top = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const row = oy! * sh + i - ph;
            const column = ox! * sw + j - pw;
            if (row < 0 || column < 0 || row >= height || column >= width) continue;
            const value = x[flatten(shapes[0]!, [n!, c!, row, column])]!;
            sum += value;
            top = Math.max(top, value);
          }
        }
        return type === 'MaxPool' ? top : sum / (kh * kw);
      });
    }
    default:
      throw new Error(`the reference does not know ${type}`);
  }
}

/** Position in a row-major array, without broadcasting. */
function flatten(shape: readonly number[], index: readonly number[]): number {
  return shape.reduce((flat, n, axis) => flat * n + index[axis]!, 0);
}
