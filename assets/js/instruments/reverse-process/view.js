/** What the reverse process shows: two boards of pictures, a line that says what happens, and how far it is. */

import { board } from "../parts/board.js";
import { element } from "../parts/widgets.js";

/**
 * A step of chains that were computed before: their pictures as grey values, a byte each, in base64.
 * @typedef {{t: number, x: string, x0Hat: string}} Stored
 */

const SIZE = 28 * 28; // numbers in a stored picture

export class View {
  state = element("p", { role: "status" });
  #bar = element("progress", { ariaLabel: "progress" });
  #count = element("span", { className: "instrument-value", ariaHidden: "true" });
  progress = element("div", { className: "instrument-progress", hidden: true }, this.#bar, this.#count);

  /** @param {() => void} touched when a reader looks at another step */
  constructor(touched) {
    this.main = board("samples", touched);
    this.second = board("made from the samples", touched);
  }

  /**
   * Show chains that nothing has to be loaded for. They cannot be chosen from.
   * @param {Stored[]} steps
   */
  recall(steps) {
    const frames = steps.map(({ t, x, x0Hat }) => ({ t, x: numbers(x), x0Hat: numbers(x0Hat) }));
    const names = Array.from({ length: frames[0].x.length / SIZE }, (_, k) => `stored ${k + 1}`);
    this.main.clear("stored chains: xₜ above, x̂₀ below", names, false);
    frames.forEach((frame) => this.main.add(frame));
    this.main.draw();
  }

  /** @param {string} text */
  says(text) {
    this.state.textContent = text;
  }

  /**
   * @param {number} done
   * @param {number} of 0 while it is not known
   * @param {string} says
   */
  advance(done, of, says) {
    this.progress.hidden = false;
    this.#bar.max = of || 1;
    if (of) this.#bar.value = done;
    else this.#bar.removeAttribute("value");
    this.#bar.ariaValueText = this.#count.textContent = says;
  }

  /** @param {unknown} error */
  failed(error) {
    this.progress.hidden = true;
    this.says(`This did not work: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Grey values as numbers in [-1, 1].
 * @param {string} text
 */
function numbers(text) {
  return Float32Array.from(atob(text), (byte) => byte.charCodeAt(0) / 127.5 - 1);
}
