/**
 * The reverse process, in the arithmetic of ddpm_notes/reverse.py and ddpm_notes/sampling.py: Algorithm 2, and DDIM.
 *
 * @typedef {"beta" | "beta_tilde" | "ddim"} Kind sigma_t^2 = beta_t or beta_tilde_t; "ddim" adds no noise
 * @typedef {(x: Float32Array, t: number) => Promise<Float32Array> | Float32Array} Model epsilon of a batch at level t
 * @typedef {{t: number, x: Float32Array, x0Hat: Float32Array}} Step
 */

/**
 * What a step does to x_t: its coefficients at place i of the schedule.
 * @param {import("./schedule.js").Schedule} schedule
 * @param {number} i
 * @param {Kind} kind
 */
function coefficients({ beta, alphaBar, betaTilde }, i, kind) {
  const [here, before] = [alphaBar[i], alphaBar[i - 1]];
  const root = { signal: Math.sqrt(here), noise: Math.sqrt(1 - here) };
  if (kind === "ddim") return { ...root, x0: Math.sqrt(before), xt: 0, eps: Math.sqrt(1 - before), sigma: 0 };
  const variance = kind === "beta" ? beta[i] : betaTilde[i];
  return {
    ...root,
    x0: (Math.sqrt(before) * beta[i]) / (1 - here), // Eq. (7); at i = 1 it is 1, and that of x_t 0
    xt: (Math.sqrt(1 - beta[i]) * (1 - before)) / (1 - here),
    eps: 0,
    sigma: i > 1 ? Math.sqrt(variance) : 0,
  };
}

/**
 * One step back, in place i of a schedule.
 * @param {Float32Array} x
 * @param {Float32Array} eps
 * @param {import("./schedule.js").Schedule} schedule
 * @param {number} i 1..T
 * @param {{kind: Kind, clip?: boolean}} how `clip` keeps x0_hat in [-1, 1]
 * @param {Float32Array | null} z standard normal; not looked at where the step adds no noise
 * @returns {{x: Float32Array, x0Hat: Float32Array}}
 */
export function step(x, eps, schedule, i, { kind, clip = false }, z) {
  const c = coefficients(schedule, i, kind);
  const next = new Float32Array(x.length);
  const x0Hat = new Float32Array(x.length);
  for (let j = 0; j < x.length; j++) {
    let x0 = (x[j] - c.noise * eps[j]) / c.signal; // Eq. (15)
    if (clip) x0 = Math.min(1, Math.max(-1, x0));
    x0Hat[j] = x0;
    next[j] = c.x0 * x0 + c.xt * x[j];
    if (c.eps) next[j] += (c.eps * (x[j] - c.signal * x0)) / c.noise;
    if (c.sigma && z) next[j] += c.sigma * z[j];
  }
  return { x: next, x0Hat };
}

/**
 * The loop of Algorithm 2 on a chain of some levels. Yields x_t with x0_hat from it, and at last x_0.
 * @param {object} options
 * @param {Model} options.model
 * @param {import("./schedule.js").Schedule} options.schedule of the levels that are visited
 * @param {number[]} options.levels the paper's t at every place of that schedule
 * @param {Float32Array} options.x where the chain starts
 * @param {number} [options.from] the place at which it starts, T if it is not given
 * @param {Kind} options.kind
 * @param {boolean} [options.clip]
 * @param {(t: number) => Float32Array} options.noises z at level t
 * @returns {AsyncGenerator<Step>}
 */
export async function* chain({ model, schedule, levels, x, from = schedule.T, kind, clip, noises }) {
  for (let i = from; i > 0; i--) {
    const noisy = kind !== "ddim" && i > 1;
    const next = step(x, await model(x, levels[i]), schedule, i, { kind, clip }, noisy ? noises(levels[i]) : null);
    yield { t: levels[i], x, x0Hat: next.x0Hat };
    x = next.x;
  }
  yield { t: 0, x, x0Hat: x };
}

/**
 * x_bar_t of Section 4.4, by Eq. (4) with one noise for both ends.
 * @param {Float32Array} x0
 * @param {Float32Array} other
 * @param {number} lambda
 * @param {Float32Array} noise
 * @param {import("./schedule.js").Schedule} schedule
 * @param {number} i
 */
export function mix(x0, other, lambda, noise, { alphaBar }, i) {
  const [signal, spread] = [Math.sqrt(alphaBar[i]), Math.sqrt(1 - alphaBar[i])];
  return x0.map((value, j) => signal * ((1 - lambda) * value + lambda * other[j]) + spread * noise[j]);
}
