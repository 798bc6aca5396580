/** What a reader of the reverse process can choose and press. */

import { newSeed } from "../parts/random.js";
import { button, check, choice, element, row } from "../parts/widgets.js";

/**
 * What the buttons do, and what follows from another network.
 * @typedef {Record<"chosen" | "sample" | "stop" | "branch" | "interpolate", () => void>} Actions
 *
 * What a batch is made with.
 * @typedef {{kind: import("../parts/chain.js").Kind, clip: boolean, seed: number, steps: number, count: number}} Choices
 */

const KINDS = { beta: "σ² = βₜ", beta_tilde: "σ² = β̃ₜ", ddim: "none (DDIM)" };

export class Controls {
  #models;
  #chosen;
  #which;
  #count = choice("Pictures", {}, "", () => {});
  #steps = choice("Steps", {}, "", () => {});
  #kind = choice("Noise of a step", KINDS, "beta_tilde", () => {});
  #clip = element("input", { type: "checkbox", checked: true });
  #seed = element("input", { type: "number", min: "0", step: "1", value: String(newSeed()) });
  #sample;
  #stop;
  #further;

  /**
   * @param {import("./session.js").Model[]} models
   * @param {Actions} actions
   */
  constructor(models, actions) {
    const labels = Object.fromEntries(models.map(({ name, label }) => [name, label]));
    this.#models = models;
    this.#chosen = actions.chosen;
    this.#which = choice("Network", labels, models[0].name, () => this.offer());
    this.#sample = button("Sample", actions.sample);
    this.#sample.className = "first";
    this.#stop = button("Stop", actions.stop);
    this.#further = [
      button("Branch from the chosen one", actions.branch),
      button("Interpolate between two", actions.interpolate),
    ];
    this.rows = [
      row(this.#sample, this.#stop, this.#which.wrap, this.#count.wrap, this.#steps.wrap, this.#kind.wrap),
      row(
        element("label", { className: "instrument-field" }, "Seed", this.#seed),
        button("New seed", () => (this.seed = newSeed())),
        check(this.#clip, "keep x̂₀ in [−1, 1]"),
      ),
    ];
    this.further = row(...this.#further);
    this.further.hidden = true;
  }

  get model() {
    const chosen = this.#models.find(({ name }) => name === this.#which.select.value);
    return /** @type {import("./session.js").Model} */ (chosen);
  }

  /** @param {number} seed */
  set seed(seed) {
    this.#seed.value = String(seed);
  }

  /** @returns {Choices} */
  choices() {
    return {
      kind: /** @type {import("../parts/chain.js").Kind} */ (this.#kind.select.value),
      clip: this.#clip.checked,
      seed: Math.abs(Math.trunc(this.#seed.valueAsNumber)) || 0,
      steps: Number(this.#steps.select.value),
      count: Number(this.#count.select.value),
    };
  }

  /** The choices that this network allows. */
  offer() {
    fill(this.#count.select, this.model.counts, 1);
    fill(this.#steps.select, this.model.steps, 1);
    this.#chosen();
  }

  /**
   * Let nothing be pressed that cannot be done now.
   * @param {import("./session.js").Session} session
   */
  refresh({ isLoading, isGoing, isStopped, hasSamples }) {
    this.#stop.textContent = isStopped ? "Continue" : "Stop";
    this.#sample.ariaDisabled = String(isLoading);
    this.#stop.ariaDisabled = String(isLoading || !(isGoing || isStopped));
    this.further.hidden = !hasSamples;
    for (const one of this.#further) one.ariaDisabled = String(isLoading || !hasSamples);
  }
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
