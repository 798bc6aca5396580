/**
 * The variance schedule beta_1..beta_T and what follows from it, as in ddpm_notes/schedule.py. Every table has T + 1
 * entries and is indexed by the paper's t; entry 0 is clean data.
 *
 * @typedef {object} Schedule
 * @property {number} T
 * @property {Float64Array} beta
 * @property {Float64Array} alphaBar
 * @property {Float64Array} betaTilde Eq. (7)
 */

/**
 * @param {ArrayLike<number>} betas beta_1..beta_T
 * @returns {Schedule}
 */
export function fromBetas(betas) {
  const T = betas.length;
  const beta = new Float64Array(T + 1);
  beta.set(betas, 1);
  const alphaBar = new Float64Array(T + 1).fill(1);
  const betaTilde = new Float64Array(T + 1);
  for (let t = 1; t <= T; t++) {
    alphaBar[t] = alphaBar[t - 1] * (1 - beta[t]);
    betaTilde[t] = ((1 - alphaBar[t - 1]) / (1 - alphaBar[t])) * beta[t];
  }
  return { T, beta, alphaBar, betaTilde };
}

/** The paper's choice: beta_t linear in t. */
export function linear(T = 1000, first = 1e-4, last = 0.02) {
  return fromBetas(evenly(first, last, T));
}

/** The square root of beta_t linear in t. */
export function quadratic(T = 1000, first = 1e-4, last = 0.02) {
  return fromBetas(evenly(Math.sqrt(first), Math.sqrt(last), T).map((root) => root * root));
}

/** beta_t = beta for every t. */
export function constant(T = 1000, beta = 0.01) {
  return fromBetas(new Float64Array(T).fill(beta));
}

/** The paper's three candidates, by name. */
export const SCHEDULES = { constant, linear, quadratic };

/**
 * A chain of `steps` of the T levels: level i of the new chain is level `levels[i]` of the old.
 * @param {Schedule} schedule
 * @param {number} steps
 * @returns {{schedule: Schedule, levels: number[]}}
 */
export function strided({ T, alphaBar }, steps) {
  const levels = Array.from({ length: steps + 1 }, (_, i) => Math.ceil((i * T) / steps));
  const betas = levels.slice(1).map((level, i) => 1 - alphaBar[level] / alphaBar[levels[i]]);
  return { schedule: fromBetas(betas), levels };
}

/**
 * @param {number} first
 * @param {number} last
 * @param {number} count
 */
function evenly(first, last, count) {
  return Float64Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));
}
