/** Normal random numbers that can be had again: a key of whole numbers always gives the same ones. */

/**
 * @param {number} count
 * @param {...number} key whole numbers, such as seed, sample and t
 * @returns {Float32Array} standard normal, by Box and Muller
 */
export function gaussian(count, ...key) {
  const uniform = stream(key);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** A seed to begin with: any of a million. */
export function newSeed() {
  return Math.floor(Math.random() * 1e6);
}

/**
 * Uniform numbers in (0, 1) by sfc32, started from the hashed key.
 * @param {number[]} key
 * @returns {() => number}
 */
export function stream(key) {
  let [a, b, c, d] = [0, 1, 2, 3].map((word) => [word, ...key].reduce(mixed, 0x9e3779b9));
  return () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return ((sum >>> 0) + 0.5) / 2 ** 32;
  };
}

/**
 * One more number into a hash: the finaliser of MurmurHash3.
 * @param {number} hash
 * @param {number} value
 */
function mixed(hash, value) {
  let h = (hash ^ Math.imul(value + 1, 0xcc9e2d51)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
