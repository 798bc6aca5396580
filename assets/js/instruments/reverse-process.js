/** The reverse process, live: the network of the notes draws, step by step, in the reader's browser. */

import { board } from "./parts/board.js";
import { chain, mix } from "./parts/chain.js";
import { WASM, loadNetwork, missing, weight } from "./parts/network.js";
import { gaussian, newSeed } from "./parts/random.js";
import { strided } from "./parts/schedule.js";
import { button, choice, element, enable, fetchJson, frame, still } from "./parts/widgets.js";

/**
 * models.json: the networks to choose from, with what one can ask of them.
 * @typedef {{name: string, label: string, shape: number[], steps: number[], counts: number[]}} Model
 *
 * How a batch was asked for; branches and mixtures of it are made in the same way.
 * @typedef {object} Asked
 * @property {import("./parts/network.js").Network} network
 * @property {import("./parts/schedule.js").Schedule} schedule
 * @property {number[]} levels
 * @property {import("./parts/chain.js").Kind} kind
 * @property {boolean} clip
 * @property {number} seed
 * @property {number} size numbers in a picture
 *
 * @typedef {ReturnType<typeof board>} Board
 * @typedef {{steps: AsyncGenerator<import("./parts/chain.js").Step>, on: Board, says: string, going: boolean,
 *   ended: boolean, milliseconds: number, count: number, resting: Promise<void>}} Run
 */

const KINDS = { beta: "σ² = βₜ", beta_tilde: "σ² = β̃ₜ", ddim: "no noise (DDIM)" };
const START = 0; // in the place of t in a key: the noise that a chain starts from
const BRANCH = 1000; // added to the number of a picture, so that branches draw noise of their own
const MIXTURE = 2000;

/** @type {import("./loader.js").Mount} */
export async function mount(panel, file) {
  if (missing()) {
    panel.append(element("p", {}, `${missing()} The picture shows what it does.`));
    return () => {};
  }
  /** @type {Model[]} */
  const models = await fetchJson(file("models.json"));
  const labels = Object.fromEntries(models.map(({ name, label }) => [name, label]));
  const which = choice("Network", labels, models[0].name, offer);
  const count = choice("Pictures", {}, "", () => {});
  const steps = choice("Steps", {}, "", () => {});
  const kind = choice("Noise of a step", KINDS, "beta", () => {});
  const clip = element("input", { type: "checkbox", checked: true });
  const seed = element("input", { type: "number", min: "0", step: "1", value: String(newSeed()) });
  const sampleButton = button("Sample", () => attempt(sample));
  const stopButton = button("Stop", () => (run?.going ? halt() : attempt(proceed)));
  const branchButton = button("Branch from the chosen one", () => attempt(branch));
  const mixButton = button("Interpolate between two", () => attempt(interpolate));
  const state = element("p", { role: "status" });
  const bar = element("progress", { hidden: true, ariaLabel: "progress" });
  const main = board("samples", halt);
  const second = board("made from the samples", halt);

  const further = element("div", { className: "instrument-controls", hidden: true }, branchButton, mixButton);
  sampleButton.className = "first";
  panel.append(
    element("div", { className: "instrument-controls" }, which.wrap, count.wrap, steps.wrap, kind.wrap),
    element(
      "div",
      { className: "instrument-controls" },
      element("label", { className: "instrument-field" }, "Seed", seed),
      button("New seed", () => (seed.value = String(newSeed()))),
      element("label", { className: "instrument-check" }, clip, "keep x̂₀ in [−1, 1]"),
    ),
    element("div", { className: "instrument-controls" }, sampleButton, stopButton),
    state,
    bar,
    main.wrap,
    further,
    second.wrap,
  );

  /** @type {Run | null} */
  let run = null;
  /** @type {Asked | null} */
  let asked = null;
  /** @type {{name: string, network: import("./parts/network.js").Network} | null} */
  let loaded = null;
  let loading = false;
  offer();
  refresh();
  return halt;

  function model() {
    return /** @type {Model} */ (models.find(({ name }) => name === which.select.value));
  }

  /** The choices that this network allows. */
  function offer() {
    fill(count.select, model().counts, 1);
    fill(steps.select, model().steps, 1);
    foretell();
  }

  /** Say what pressing Sample will load, if it will and the server knows. */
  async function foretell() {
    const wanted = model();
    if (run?.going || loading) return;
    state.textContent = "";
    if (loaded?.name === wanted.name) return;
    const { graph, checkpoint } = addresses(wanted);
    const bytes = await weight([graph, checkpoint, ...(loaded ? [] : [WASM])]).catch(() => 0);
    if (!bytes || run?.going || loading || wanted !== model()) return;
    state.textContent = `Sample first loads ${(bytes / 1e6).toFixed(0)} megabytes: the network${loaded ? "" : " and what runs it"}.`;
  }

  /** @param {Model} model */
  function addresses({ name }) {
    return { graph: file(`${name}.onnx`), checkpoint: file(`${name}.safetensors`) };
  }

  function refresh() {
    stopButton.textContent = run && !run.going && !run.ended ? "Continue" : "Stop";
    enable(sampleButton, !loading);
    enable(stopButton, !loading && run !== null && !run.ended);
    further.hidden = main.frames.length === 0;
    for (const one of [branchButton, mixButton]) enable(one, !loading && main.frames.length > 0);
  }

  /**
   * @param {number} done
   * @param {number} of 0 while it is not known
   * @param {string} says
   */
  function advance(done, of, says) {
    bar.hidden = false;
    bar.max = of || 1;
    if (of) bar.value = done;
    else bar.removeAttribute("value");
    bar.ariaValueText = says;
  }

  /**
   * Do what a button asks for, and say why if it cannot be done.
   * @param {() => Promise<void>} action
   */
  async function attempt(action) {
    try {
      await action();
    } catch (error) {
      bar.hidden = true;
      state.textContent = `This did not work: ${error instanceof Error ? error.message : error}`;
    }
    refresh();
  }

  /**
   * A network. Until it has come, the last one is kept, and nothing can be asked of that.
   * @param {Model} wanted
   */
  async function network(wanted) {
    if (loaded?.name === wanted.name) return loaded.network;
    loading = true;
    refresh();
    try {
      await Promise.allSettled([run?.resting]); // the step at which it was stopped may still be under way
      const network = await fetched(wanted);
      loaded?.network.close();
      loaded = { name: wanted.name, network };
      return network;
    } finally {
      loading = false;
    }
  }

  /** @param {Model} wanted */
  function fetched(wanted) {
    const source = { ...addresses(wanted), name: `${wanted.name}.safetensors`, shape: wanted.shape };
    state.textContent = "Loading the network …";
    advance(0, 0, "begins");
    return loadNetwork(source, (got, of) => advance(got, of, `${(got / 1e6).toFixed(1)} megabytes`));
  }

  async function sample() {
    halt();
    const wanted = model();
    const [chosen, keys] = [Number(steps.select.value), upTo(Number(count.select.value))];
    const choices = {
      kind: /** @type {import("./parts/chain.js").Kind} */ (kind.select.value),
      clip: clip.checked,
      seed: Math.abs(Math.trunc(seed.valueAsNumber)) || 0,
    };
    const ready = await network(wanted); // which takes a while, in which a reader may choose anew
    asked = {
      ...choices,
      ...strided(ready.schedule, chosen),
      network: ready,
      size: wanted.shape.reduce((a, b) => a * b),
    };
    seed.value = String(asked.seed);
    second.wrap.hidden = true;
    const { size, seed: key, levels } = asked;
    const start = joined(keys.map((k) => gaussian(size, key, k, START)));
    main.clear(`seed ${key}: xₜ above, x̂₀ below`, keys.map((k) => `sample ${k + 1}`));
    await begin(asked, main, start, levels.length - 1, keys, `${keys.length} samples`);
  }

  /** Fig. 7: several ends of one x_t. */
  async function branch() {
    const from = /** @type {Asked} */ (asked);
    halt();
    const { place, left, t } = level(from, 0.5);
    const picked = main.chosen[0] ?? 0;
    const keys = upTo(main.count).map((k) => BRANCH + k);
    const start = joined(keys.map(() => main.pixels(place, picked)));
    const says = `branches that share x at t = ${t} of sample ${picked + 1}`;
    second.clear(from.kind === "ddim" ? `${says}; without noise they cannot part` : says, keys.map((_, k) => `branch ${k + 1}`));
    await begin(from, second, start, left, keys, `${keys.length} ${says}`);
  }

  /** Fig. 8: from one sample to another. */
  async function interpolate() {
    const from = /** @type {Asked} */ (asked);
    const last = main.frames.length - 1;
    if (main.frames[last].t > 0) throw new Error("the samples are not finished; press Continue first.");
    halt();
    const { left, t } = level(from, 0.8);
    if (main.chosen.length === 1) throw new Error("one sample is chosen; choose two, or none for the first and the last.");
    const [first, other] = main.chosen.length > 1 ? main.chosen : [0, main.count - 1];
    const lambdas = upTo(Math.max(main.count, 5)).map((k, _, all) => k / (all.length - 1));
    const noise = gaussian(from.size, from.seed, MIXTURE, START);
    const ends = [main.pixels(last, first), main.pixels(last, other)];
    const start = joined(lambdas.map((lambda) => mix(ends[0], ends[1], lambda, noise, from.schedule, left)));
    const says = `from sample ${first + 1} to sample ${other + 1}, mixed at t = ${t}`;
    second.clear(says, lambdas.map((lambda) => `λ = ${lambda.toFixed(2)}`));
    await begin(from, second, start, left, lambdas.map(() => MIXTURE), says);
  }

  /**
   * The level that is looked at: its place among the steps, and how many steps are left from there. Where that is the
   * end, the reader is taken to where something can be seen.
   * @param {Asked} from
   * @param {number} share of the steps that are taken there
   */
  function level({ schedule, levels }, share) {
    if (main.seen.step.t === 0) main.look(Math.floor(main.frames.length * share));
    const { place } = main.seen;
    return { place, left: schedule.T - place, t: levels[schedule.T - place] };
  }

  /**
   * @param {Asked} from
   * @param {Board} on
   * @param {Float32Array} x
   * @param {number} left how many steps
   * @param {number[]} keys of the pictures' noise
   * @param {string} says
   */
  async function begin({ network, size, seed, ...how }, on, x, left, keys, says) {
    const noises = (/** @type {number} */ t) => joined(keys.map((k) => gaussian(size, seed, k, t)));
    const steps = chain({ model: network.eps, x, from: left, noises, ...how });
    run = { steps, on, says, going: false, ended: false, milliseconds: 0, count: left, resting: Promise.resolve() };
    await proceed();
  }

  /** Take the steps that are left, until the end or until somebody stops it. */
  async function proceed() {
    const mine = /** @type {Run} */ (run);
    await mine.resting; // the step at which it was stopped may still be under way
    mine.resting = walk(mine);
    await mine.resting;
  }

  /** @param {Run} mine */
  async function walk(mine) {
    mine.going = true;
    state.textContent = `Running: ${mine.says} …`;
    refresh();
    const tell = () => {
      const done = Math.max(0, mine.on.frames.length - 1);
      if (mine === run) advance(done, mine.count, `${done} of ${mine.count} steps`);
    };
    tell();
    const began = performance.now();
    let drawn = -Infinity;
    while (mine.going) {
      const { value, done } = await mine.steps.next();
      if (done) {
        mine.ended = true;
        break;
      }
      mine.on.add(value);
      tell();
      if (!still() && performance.now() - drawn > 40) {
        mine.on.draw();
        drawn = await frame();
      }
    }
    mine.going = false;
    mine.milliseconds += performance.now() - began;
    mine.on.draw();
    if (mine !== run) return;
    bar.hidden = mine.ended;
    const rate = (mine.on.frames.length - 1) / (mine.milliseconds / 1000);
    state.textContent = mine.ended
      ? `Done: ${mine.says}, ${rate.toFixed(0)} steps a second.`
      : `Stopped at t = ${mine.on.frames[mine.on.frames.length - 1].t}.`;
    refresh();
  }

  function halt() {
    if (run) run.going = false;
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

/**
 * @param {HTMLSelectElement} select
 * @param {number[]} values
 * @param {number} chosen
 */
function fill(select, values, chosen) {
  select.replaceChildren(...values.map((value) => new Option(String(value), String(value))));
  select.selectedIndex = Math.min(chosen, values.length - 1);
}
