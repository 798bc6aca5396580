/** What the reverse process shows: two boards of pictures, a line that says what happens, and how far it is. */

import { board } from "../parts/board.js";
import { element } from "../parts/widgets.js";

export class View {
  state = element("p", { role: "status" });
  bar = element("progress", { hidden: true, ariaLabel: "progress" });

  /** @param {() => void} touched when a reader looks at another step */
  constructor(touched) {
    this.main = board("samples", touched);
    this.second = board("made from the samples", touched);
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
    this.bar.hidden = false;
    this.bar.max = of || 1;
    if (of) this.bar.value = done;
    else this.bar.removeAttribute("value");
    this.bar.ariaValueText = says;
  }

  /** @param {unknown} error */
  failed(error) {
    this.bar.hidden = true;
    this.says(`This did not work: ${error instanceof Error ? error.message : error}`);
  }
}
