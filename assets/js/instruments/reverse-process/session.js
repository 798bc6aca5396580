/** The runs of the reverse process: a network that is loaded, a batch that was asked for, and what is made from it. */

import { chain, mix } from "../parts/chain.js";
import { WASM, loadNetwork, weight } from "../parts/network.js";
import { gaussian } from "../parts/random.js";
import { strided } from "../parts/schedule.js";
import { frame, still } from "../parts/widgets.js";

/**
 * models.json: the networks to choose from, with what one can ask of them.
 * @typedef {{name: string, label: string, shape: number[], steps: number[], counts: number[]}} Model
 *
 * How a batch was asked for; branches and mixtures of it are made in the same way.
 * @typedef {object} Asked
 * @property {import("../parts/network.js").Network} network
 * @property {import("../parts/schedule.js").Schedule} schedule
 * @property {number[]} levels
 * @property {import("../parts/chain.js").Kind} kind
 * @property {boolean} clip
 * @property {number} seed
 * @property {number} size numbers in a picture
 *
 * @typedef {import("./view.js").View["main"]} Board
 * @typedef {{steps: AsyncGenerator<import("../parts/chain.js").Step>, on: Board, says: string, going: boolean,
 *   ended: boolean, milliseconds: number, count: number, resting: Promise<void>}} Run
 */

const START = 0; // in the place of t in a key: the noise that a chain starts from
const BRANCH = 1000; // added to the number of a picture, so that branches draw noise of their own
const MIXTURE = 2000;

export class Session {
  isLoading = false;
  /** @type {Run | null} */
  #run = null;
  /** @type {Asked | null} */
  #asked = null;
  /** @type {{name: string, network: import("../parts/network.js").Network} | null} */
  #loaded = null;
  #file;
  #view;
  #changed;

  /**
   * @param {(name: string) => string} file
   * @param {import("./view.js").View} view
   * @param {() => void} changed when something else can be asked than before
   */
  constructor(file, view, changed) {
    this.#file = file;
    this.#view = view;
    this.#changed = changed;
  }

  get isGoing() {
    return this.#run !== null && this.#run.going;
  }

  /** Whether there are steps left to take. */
  get isStopped() {
    return this.#run !== null && !this.#run.going && !this.#run.ended;
  }

  /** Whether there is something to branch from. */
  get hasSamples() {
    return this.#asked !== null;
  }

  get isBusy() {
    return this.isGoing || this.isLoading;
  }

  halt() {
    if (this.#run) this.#run.going = false;
  }

  /**
   * What a network weighs that is not there yet, in a sentence; nothing where the server does not say.
   * @param {Model} wanted
   */
  async weightOf(wanted) {
    if (this.#loaded?.name === wanted.name) return "";
    const { graph, checkpoint } = this.#addresses(wanted);
    const bytes = await weight([graph, checkpoint, ...(this.#loaded ? [] : [WASM])]).catch(() => 0);
    const what = `the network${this.#loaded ? "" : " and what runs it"}`;
    return bytes ? `Sample first loads ${(bytes / 1e6).toFixed(0)} megabytes: ${what}.` : "";
  }

  /**
   * @param {Model} wanted
   * @param {import("./controls.js").Choices} choices
   * @param {() => void} begins
   */
  async sample(wanted, { steps, count, ...choices }, begins) {
    const network = await this.#network(wanted); // which takes a while, in which a reader may choose anew
    begins();
    const size = wanted.shape.reduce((a, b) => a * b);
    this.#asked = { ...choices, ...strided(network.schedule, steps), network, size };
    const { main, second } = this.#view;
    const [keys, seed] = [upTo(count), choices.seed];
    second.wrap.hidden = true;
    const start = joined(keys.map((k) => gaussian(size, seed, k, START)));
    const names = keys.map((k) => `sample ${k + 1}`);
    main.clear(`seed ${seed}: xₜ above, x̂₀ below`, names);
    await this.#begin(main, start, this.#asked.levels.length - 1, keys, `${keys.length} samples`);
  }

  /** Fig. 7: several ends of one x_t. */
  async branch() {
    const { main, second } = this.#view;
    this.halt();
    const { place, left, t } = this.#level(0.5);
    const picked = main.chosen[0] ?? 0;
    const keys = upTo(main.count).map((k) => BRANCH + k);
    const start = joined(keys.map(() => main.pixels(place, picked)));
    const says = `branches that share x at t = ${t} of sample ${picked + 1}`;
    const names = keys.map((_, k) => `branch ${k + 1}`);
    second.clear(this.#batch.kind === "ddim" ? `${says}; without noise they cannot part` : says, names);
    await this.#begin(second, start, left, keys, `${keys.length} ${says}`);
  }

  /** Fig. 8: from one sample to another. */
  async interpolate() {
    const { main, second } = this.#view;
    const { size, seed, schedule } = this.#batch;
    const last = main.frames.length - 1;
    if (main.frames[last].t > 0) throw new Error("the samples are not finished; press Continue first.");
    this.halt();
    const { left, t } = this.#level(0.8);
    if (main.chosen.length === 1)
      throw new Error("one sample is chosen; choose two, or none for the first and the last.");
    const [first, other] = main.chosen.length > 1 ? main.chosen : [0, main.count - 1];
    const lambdas = upTo(Math.max(main.count, 5)).map((k, _, all) => k / (all.length - 1));
    const noise = gaussian(size, seed, MIXTURE, START);
    const ends = [main.pixels(last, first), main.pixels(last, other)];
    const start = joined(lambdas.map((lambda) => mix(ends[0], ends[1], lambda, noise, schedule, left)));
    const says = `from sample ${first + 1} to sample ${other + 1}, mixed at t = ${t}`;
    const names = lambdas.map((lambda) => `λ = ${lambda.toFixed(2)}`);
    second.clear(says, names);
    const keys = lambdas.map(() => MIXTURE);
    await this.#begin(second, start, left, keys, says);
  }

  /** Take the steps that are left, until the end or until somebody stops it. */
  async proceed() {
    const mine = /** @type {Run} */ (this.#run);
    await mine.resting; // the step at which it was stopped may still be under way
    mine.resting = this.#walk(mine);
    await mine.resting;
  }

  get #batch() {
    return /** @type {Asked} */ (this.#asked);
  }

  /** @param {Model} model */
  #addresses({ name }) {
    return { graph: this.#file(`${name}.onnx`), checkpoint: this.#file(`${name}.safetensors`) };
  }

  /**
   * A network. Until it has come, the last one is kept, and nothing can be asked of that.
   * @param {Model} wanted
   */
  async #network(wanted) {
    if (this.#loaded?.name === wanted.name) return this.#loaded.network;
    this.isLoading = true;
    this.#changed();
    try {
      await Promise.allSettled([this.#run?.resting]); // the step at which it was stopped may still be under way
      const network = await this.#fetched(wanted);
      this.#loaded?.network.close();
      this.#loaded = { name: wanted.name, network };
      return network;
    } finally {
      this.isLoading = false;
    }
  }

  /** @param {Model} wanted */
  #fetched(wanted) {
    const source = { ...this.#addresses(wanted), name: `${wanted.name}.safetensors`, shape: wanted.shape };
    this.#view.says("Loading the network …");
    this.#view.advance(0, 0, "begins");
    const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(1);
    return loadNetwork(source, (got, of) =>
      this.#view.advance(got, of, `${megabytes(got)}${of ? ` of ${megabytes(of)}` : ""} megabytes`),
    );
  }

  /**
   * The level that is looked at: its place among the steps, and how many steps are left from there. Where that is the
   * end, the reader is taken to where something can be seen.
   * @param {number} share of the steps that are taken there
   */
  #level(share) {
    const { main } = this.#view;
    const { schedule, levels } = this.#batch;
    if (main.seen.step.t === 0) main.look(Math.floor(main.frames.length * share));
    const { place } = main.seen;
    return { place, left: schedule.T - place, t: levels[schedule.T - place] };
  }

  /**
   * @param {Board} on
   * @param {Float32Array} x
   * @param {number} left how many steps
   * @param {number[]} keys of the pictures' noise
   * @param {string} says
   */
  async #begin(on, x, left, keys, says) {
    const { network, size, seed, ...how } = this.#batch;
    const noises = (/** @type {number} */ t) => joined(keys.map((k) => gaussian(size, seed, k, t)));
    const steps = chain({ model: network.eps, x, from: left, noises, ...how });
    const run = { steps, on, says, going: false, ended: false, milliseconds: 0, count: left };
    this.#run = { ...run, resting: Promise.resolve() };
    await this.proceed();
  }

  /** @param {Run} mine */
  async #walk(mine) {
    mine.going = true;
    this.#view.says(`Running: ${mine.says} …`);
    this.#changed();
    this.#tell(mine);
    const began = performance.now();
    let drawn = -Infinity;
    while (mine.going) {
      const { value, done } = await mine.steps.next();
      if (done) {
        mine.ended = true;
        break;
      }
      mine.on.add(value);
      this.#tell(mine);
      if (!still() && performance.now() - drawn > 40) {
        mine.on.draw();
        drawn = await frame();
      }
    }
    mine.going = false;
    mine.milliseconds += performance.now() - began;
    mine.on.draw();
    if (mine === this.#run) this.#rest(mine);
  }

  /** @param {Run} mine */
  #tell(mine) {
    const done = Math.max(0, mine.on.frames.length - 1);
    if (mine === this.#run) this.#view.advance(done, mine.count, `${done} of ${mine.count} steps`);
  }

  /** @param {Run} mine */
  #rest({ on, ended, says, milliseconds }) {
    const rate = (on.frames.length - 1) / (milliseconds / 1000);
    this.#view.progress.hidden = ended;
    const stopped = `Stopped at t = ${on.frames[on.frames.length - 1].t}.`;
    this.#view.says(ended ? `Done: ${says}, ${rate.toFixed(0)} steps a second.` : stopped);
    this.#changed();
  }
}

/** @param {number} count */
function upTo(count) {
  return Array.from({ length: count }, (_, k) => k);
}

/** @param {Float32Array[]} pictures */
function joined(pictures) {
  const all = new Float32Array(pictures.length * pictures[0].length);
  pictures.forEach((pixels, k) => all.set(pixels, k * pixels.length));
  return all;
}
