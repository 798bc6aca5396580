/** A batch of pictures on its way from noise: x_t above x0_hat, a slider to look back, and pictures to choose from. */

import { element, paint, picture, slider } from "./widgets.js";

/** @typedef {import("./chain.js").Step} Step */

/**
 * @param {string} title
 * @param {() => void} touched called when the reader looks back
 */
export function board(title, touched) {
  /** @type {{button: HTMLButtonElement, xt: HTMLCanvasElement, x0Hat: HTMLCanvasElement}[]} */
  let cells = [];
  /** @type {Step[]} */
  let frames = [];
  const heading = element("p", { className: "instrument-name" });
  const grid = element("div", { className: "instrument-board", role: "group", ariaLabel: title });
  const time = slider({
    label: "look back to t",
    says: (place) => (frames[place] ? `t = ${frames[place].t}` : ""),
    changed: () => {
      touched();
      draw();
    },
  });
  const wrap = element("div", { className: "instrument-batch", hidden: true }, heading, grid, time.wrap);

  function draw() {
    const { x, x0Hat } = frames[time.value];
    const size = x.length / cells.length;
    cells.forEach((cell, k) => {
      paint(cell.xt, x.subarray(k * size, (k + 1) * size));
      paint(cell.x0Hat, x0Hat.subarray(k * size, (k + 1) * size));
    });
  }

  return {
    wrap,
    /** The step that is looked at, and its place among all. */
    get seen() {
      return { place: time.value, step: frames[time.value] };
    },
    /** The chosen pictures, by number. */
    get chosen() {
      return cells.flatMap(({ button }, k) => (button.ariaPressed === "true" ? [k] : []));
    },
    get count() {
      return cells.length;
    },
    /**
     * Begin with an empty board.
     * @param {string} says what the pictures are
     * @param {string[]} names of the pictures
     * @param {boolean} [live] whether one can choose among them
     */
    clear(says, names, live = true) {
      heading.textContent = says;
      frames = [];
      cells = names.map((name) => {
        const [xt, x0Hat] = [picture(""), picture("")];
        for (const canvas of [xt, x0Hat]) canvas.setAttribute("aria-hidden", "true");
        const label = element("span", { className: "instrument-name", ariaHidden: "true" }, name);
        const button = element(
          "button",
          { type: "button", ariaPressed: "false", ariaLabel: name, title: name, disabled: !live },
          xt,
          x0Hat,
          label,
        );
        button.addEventListener("click", () => {
          button.ariaPressed = String(button.ariaPressed !== "true");
        });
        return { button, xt, x0Hat };
      });
      grid.replaceChildren(...cells.map(({ button }) => button));
      grid.classList.toggle("few", cells.length <= 5);
      grid.style.setProperty("--count", String(cells.length));
      wrap.hidden = false;
    },
    /** @param {Step} step */
    add(step) {
      frames.push(step);
      time.move(frames.length - 1, frames.length - 1);
    },
    draw,
    /**
     * Look at another step.
     * @param {number} place
     */
    look(place) {
      time.move(place);
      draw();
    },
    /** @param {number} place @param {number} k */
    pixels(place, k) {
      const { x } = frames[place];
      const size = x.length / cells.length;
      return x.slice(k * size, (k + 1) * size);
    },
    get frames() {
      return frames;
    },
  };
}
