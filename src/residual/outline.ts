/** Which part of the window is face: weights that leave out what stands beside it. */

/** Half axes of the ellipse, in half windows: faces are taller than wide. */
const [across, down] = [0.82, 1];

/** The weight falls from 1 to 0 between these distances from the centre, in half axes. */
const [inside, outside] = [0.85, 1.1];

/**
 * Weights of an upright ellipse with a soft edge (a raised cosine), S x S, row by row, in [0, 1]: 1 in the middle, 0 in the
 * corners; mirrored left to right it is the same. It stands in the window's middle, where the face box has put the face.
 */
export function ellipse(size: number): Float32Array {
  const weights = new Float32Array(size * size);
  const centre = (size - 1) / 2;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const distance = Math.hypot((x - centre) / (across * centre), (y - centre) / (down * centre));
      const t = (distance - inside) / (outside - inside);
      weights[i] = t <= 0 ? 1 : t >= 1 ? 0 : (1 + Math.cos(Math.PI * t)) / 2;
    }
  }
  return weights;
}
