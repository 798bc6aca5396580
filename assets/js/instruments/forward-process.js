/** The forward process under the reader's finger: x_t for any t, and what of the picture is left in it. */

import { gaussian, newSeed } from "./parts/random.js";
import { SCHEDULES } from "./parts/schedule.js";
import { button, choice, element, fetchJson, paint, picture, readings, row, slider } from "./parts/widgets.js";

/**
 * pictures.json: pixels in [-1, 1], and for every schedule the bits still to be sent when x_t is known, t = 0..T.
 * @typedef {{name: string, pixels: number[], bits: Record<string, number[]>}} Picture
 */

/** @type {import("./loader.js").Mount} */
export async function mount(panel, file) {
  /** @type {Picture[]} */
  const pictures = await fetchJson(file("pictures.json"));
  const schedules = Object.fromEntries(Object.entries(SCHEDULES).map(([name, make]) => [name, make()]));
  const T = schedules.linear.T;
  let seed = newSeed();

  const shown = {
    x0: picture("the picture's part"),
    noise: picture("the noise's part"),
    xt: picture("the noisy picture"),
  };
  const terms = { x0: element("span"), noise: element("span") };
  const facts = readings({
    signal: "signal √ᾱₜ",
    noise: "noise √(1−ᾱₜ)",
    snr: "signal to noise ᾱₜ/(1−ᾱₜ)",
    bits: "bits still to be sent",
  });
  const curves = plot(T);

  const which = choice("Picture", Object.fromEntries(pictures.map(({ name }, i) => [i, name])), "0", draw);
  const kinds = Object.fromEntries(Object.keys(SCHEDULES).map((name) => [name, name]));
  const kind = choice("Schedule", kinds, "linear", draw);
  const time = slider({ label: "t", max: T, value: 250, says: (t) => `${t} of ${T}`, changed: draw });
  const again = button("New noise", () => {
    seed = newSeed();
    draw();
  });

  panel.append(
    row(which.wrap, kind.wrap, again),
    time.wrap,
    element(
      "div",
      { className: "instrument-sum" },
      part(shown.xt, "xₜ"),
      element("span", {}, "="),
      part(shown.x0, terms.x0, " x₀"),
      element("span", {}, "+"),
      part(shown.noise, terms.noise, " ε"),
    ),
    facts.wrap,
    curves.wrap,
  );
  draw();
  return () => {};

  function draw() {
    const { name, pixels, bits } = pictures[Number(which.select.value)];
    const t = time.value;
    const alphaBar = schedules[kind.select.value].alphaBar[t];
    const noise = gaussian(pixels.length, seed);
    const signal = Math.sqrt(alphaBar);
    const spread = Math.sqrt(1 - alphaBar);
    const parts = { x0: pixels.map((pixel) => signal * pixel), noise: Array.from(noise, (z) => spread * z) };
    const xt = parts.x0.map((part, i) => part + parts.noise[i]);
    paint(shown.x0, parts.x0);
    paint(shown.noise, parts.noise);
    paint(shown.xt, xt);
    shown.xt.setAttribute("aria-label", `${name} at t = ${t}`);
    terms.x0.textContent = `${signal.toFixed(3)} ×`;
    terms.noise.textContent = `${spread.toFixed(3)} ×`;
    const left = bits[kind.select.value];
    facts.show({
      signal: signal.toFixed(4),
      noise: spread.toFixed(4),
      snr: t === 0 ? "∞" : Number((alphaBar / (1 - alphaBar)).toPrecision(3)).toString(),
      bits: `${left[t].toFixed(1)} of ${left[T].toFixed(1)}`,
    });
    curves.show(bits, kind.select.value, t);
  }
}

/**
 * A picture and, below it, what it is.
 * @param {HTMLElement} shown
 * @param {...(Node | string)} name
 */
function part(shown, ...name) {
  return element("span", { className: "instrument-part" }, shown, element("span", {}, ...name));
}

/**
 * Bits still to be sent against t: a curve for each schedule, the chosen one in front, with a mark at t.
 * @param {number} T
 */
function plot(T) {
  const [width, height] = [640, 150];
  const svg = vector("svg", { viewBox: `0 0 ${width} ${height}` });
  const most = element("span");
  const axis = (/** @type {string} */ kind, /** @type {(Node | string)[]} */ ...marks) =>
    element("div", { className: `instrument-axis ${kind}` }, ...marks.map((mark) => element("span", {}, mark)));
  const wrap = element(
    "div",
    { className: "instrument-plot", ariaHidden: "true" },
    element("p", {}, "Bits still to be sent against t; dashed, the other schedules"),
    axis("upright", "0", most),
    svg,
    axis("", "0", "t", String(T)),
  );
  return {
    wrap,
    /**
     * @param {Record<string, number[]>} bits
     * @param {string} chosen
     * @param {number} t
     */
    show(bits, chosen, t) {
      const top = Math.max(...Object.values(bits).map((values) => values[T]));
      most.textContent = top.toFixed(0);
      const at = (/** @type {number[]} */ values, /** @type {number} */ t) =>
        `${((t / T) * width).toFixed(1)},${(height * (1 - values[t] / top)).toFixed(1)}`;
      const curve = (/** @type {string} */ name) => {
        const points = Array.from({ length: T / 5 + 1 }, (_, i) => at(bits[name], 5 * i)).join(" ");
        return vector("polyline", { points, class: name === chosen ? "chosen" : "other" });
      };
      const [cx, cy] = at(bits[chosen], t).split(",");
      const others = Object.keys(bits).filter((name) => name !== chosen);
      svg.replaceChildren(
        vector("line", { x1: 0, x2: width, y1: height, y2: height }),
        vector("line", { x1: cx, x2: cx, y1: 0, y2: height }),
        ...[...others, chosen].map(curve),
        vector("circle", { cx, cy, r: 5 }),
      );
    },
  };
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function vector(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
