/** The perfect denoiser for points of the plane, in closed form: ddpm_notes/oracle.py, GaussianMixtureDenoiser. */

/**
 * x_0 ~ sum_k w_k N(m_k, s_k^2 I); the weights add up to one.
 * @typedef {{label: string, means: number[][], variances: number[], weights: number[]}} Mixture
 */

/**
 * epsilon*(x_t, t) = E[epsilon | x_t] of points x, y, x, y, …
 * @param {Mixture} mixture
 * @param {number} alphaBar of level t
 * @param {Float32Array | Float64Array} x
 * @returns {Float32Array}
 */
export function epsilon({ means, variances, weights }, alphaBar, x) {
  const signal = Math.sqrt(alphaBar);
  const noise = Math.sqrt(1 - alphaBar);
  const spread = variances.map((variance) => alphaBar * variance + 1 - alphaBar);
  const eps = new Float32Array(x.length);
  for (let j = 0; j < x.length; j += 2) {
    const off = means.map(([mx, my]) => [x[j] - signal * mx, x[j + 1] - signal * my]);
    const logs = off.map(([dx, dy], k) => Math.log(weights[k] / spread[k]) - (dx * dx + dy * dy) / (2 * spread[k]));
    const top = Math.max(...logs);
    const odds = logs.map((log) => Math.exp(log - top));
    const all = odds.reduce((a, b) => a + b);
    odds.forEach((odd, k) => {
      const pull = (odd / all) * (noise / spread[k]); // of one component E[epsilon | x_t] = noise * off / spread
      eps[j] += pull * off[k][0];
      eps[j + 1] += pull * off[k][1];
    });
  }
  return eps;
}

/**
 * `count` draws from the data, x, y, x, y, …
 * @param {Mixture} mixture
 * @param {Float32Array} noise standard normal, two for each draw
 * @param {() => number} uniform
 */
export function draws({ means, variances, weights }, noise, uniform) {
  const points = new Float32Array(noise.length);
  for (let j = 0; j < noise.length; j += 2) {
    let [k, u] = [0, uniform()];
    while (k < weights.length - 1 && (u -= weights[k]) > 0) k++;
    const std = Math.sqrt(variances[k]);
    points[j] = means[k][0] + std * noise[j];
    points[j + 1] = means[k][1] + std * noise[j + 1];
  }
  return points;
}

/**
 * The component whose mean is nearest to each point, and the mean squared distance to it for each coordinate.
 * @param {Mixture} mixture
 * @param {Float32Array} x
 */
export function nearest({ means }, x) {
  const owner = new Uint8Array(x.length / 2);
  let squared = 0;
  for (let j = 0; j < x.length; j += 2) {
    const distances = means.map(([mx, my]) => (x[j] - mx) ** 2 + (x[j + 1] - my) ** 2);
    owner[j / 2] = distances.indexOf(Math.min(...distances));
    squared += distances[owner[j / 2]];
  }
  return { owner, variance: squared / x.length };
}
