/** The perfect denoiser in the plane: particles flow from noise back to a mixture, along the score. */

import { chain } from "./parts/chain.js";
import { draws, epsilon, nearest } from "./parts/mixture.js";
import { gaussian, stream } from "./parts/random.js";
import { linear, strided } from "./parts/schedule.js";
import { button, check, choice, element, fetchJson, frame, readings, row, slider, still } from "./parts/widgets.js";

const PARTICLES = 600;
const STEPS = [5, 10, 25, 50, 100, 250, 1000];
const KINDS = { beta: "σ² = βₜ", beta_tilde: "σ² = β̃ₜ", ddim: "none (DDIM)" };
const REACH = 3; // the plane is shown from -REACH to REACH
const SECONDS = 4; // that a run takes, however many steps it has
const ARROWS = 17; // in a row
const ARROW = new Path2D("M -0.5 0 H 0.5 M 0.17 -0.2 L 0.5 0 L 0.17 0.2"); // of length one, to the right

/** @type {import("./loader.js").Mount} */
export async function mount(panel, file) {
  /** @type {import("./parts/mixture.js").Mixture[]} */
  const mixtures = await fetchJson(file("mixtures.json"));
  const whole = linear();
  let seed = 1;
  let playing = false;
  /** @type {import("./parts/chain.js").Step[]} */
  let path = [];
  /** @type {{mixture: import("./parts/mixture.js").Mixture, data: Float32Array, owner: Uint8Array}} */
  let scene;

  const which = choice("Data", Object.fromEntries(mixtures.map(({ label }, i) => [i, label])), "0", restart);
  const steps = choice("Steps", Object.fromEntries(STEPS.map((n) => [n, String(n)])), "100", restart);
  const kind = choice("Noise of a step", KINDS, "beta", restart);
  const arrows = element("input", { type: "checkbox", checked: true });
  arrows.addEventListener("change", draw);
  const playButton = button("Play", () => (playing ? pause() : play()));
  playButton.className = "first";
  const again = button("New noise", () => {
    seed++;
    restart();
  });
  const canvas = element("canvas", { className: "instrument-plane", width: 960, height: 960 });
  canvas.setAttribute("role", "img");
  const time = slider({
    label: "t",
    says: (place) => (path[place] ? `t = ${path[place].t}` : ""),
    changed: () => {
      pause();
      draw();
    },
  });
  const facts = readings({
    snr: "signal √ᾱₜ, noise √(1−ᾱₜ)",
    ends: "islands' width at t = 0",
    truth: "that of the data",
  });
  const state = element("p", { role: "status" });

  panel.append(
    canvas,
    time.wrap,
    row(playButton, again, which.wrap, steps.wrap, kind.wrap, check(arrows, "score")),
    facts.wrap,
    state,
  );

  await restart();
  return pause;

  /** All steps are taken at once, which is quick, and then shown. */
  async function restart() {
    pause();
    const mixture = mixtures[Number(which.select.value)];
    const { schedule, levels } = strided(whole, Number(steps.select.value));
    const walked = [];
    const walk = chain({
      model: (x, t) => epsilon(mixture, whole.alphaBar[t], x),
      schedule,
      levels,
      x: gaussian(2 * PARTICLES, seed, 0),
      kind: /** @type {import("./parts/chain.js").Kind} */ (kind.select.value),
      noises: (t) => gaussian(2 * PARTICLES, seed, t),
    });
    for await (const step of walk) walked.push(step);
    const ends = nearest(mixture, walked[walked.length - 1].x);
    const data = draws(mixture, gaussian(2 * PARTICLES, seed, -1), stream([seed, -2]));
    path = walked;
    scene = { mixture, data, owner: ends.owner };
    facts.show({
      ends: Math.sqrt(ends.variance).toFixed(3),
      truth: Math.sqrt(nearest(mixture, data).variance).toFixed(3),
    });
    time.move(0, path.length - 1);
    state.textContent = `${PARTICLES} particles, ${path.length - 1} steps, coloured by where they will end.`;
    draw();
  }

  async function play() {
    if (time.value === path.length - 1) time.move(0);
    if (still()) {
      time.move(path.length - 1);
      draw();
      state.textContent = "Shown at t = 0, without motion, as your system asks. Move t to see the way.";
      return;
    }
    playing = true;
    playButton.textContent = "Pause";
    state.textContent = "Running from noise to data.";
    const [first, began] = [time.value, performance.now()];
    while (playing && time.value < path.length - 1) {
      const now = await frame();
      if (!playing) return;
      const walked = ((now - began) / 1000 / SECONDS) * (path.length - 1);
      time.move(Math.min(path.length - 1, Math.max(first, first + Math.floor(walked))));
      draw();
    }
    pause();
    state.textContent = "Arrived at t = 0.";
  }

  function pause() {
    playing = false;
    playButton.textContent = "Play";
  }

  function draw() {
    const { t, x } = path[time.value];
    const alphaBar = whole.alphaBar[t];
    facts.show({ snr: `${Math.sqrt(alphaBar).toFixed(3)}, ${Math.sqrt(1 - alphaBar).toFixed(3)}` });
    canvas.setAttribute("aria-label", `${PARTICLES} particles at t = ${t}, coloured by where they will end`);
    paintPlane(canvas, { ...scene, x, alphaBar: arrows.checked && t > 0 ? alphaBar : null });
  }
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} shown
 * @param {import("./parts/mixture.js").Mixture} shown.mixture
 * @param {Float32Array} shown.data draws from the data, as a ground
 * @param {Float32Array} shown.x particles
 * @param {Uint8Array} shown.owner the component at which each particle ends
 * @param {number | null} shown.alphaBar of the level whose score is drawn
 */
function paintPlane(canvas, { mixture, data, x, owner, alphaBar }) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const ink = getComputedStyle(canvas).color;
  const place = (/** @type {number} */ v) => ((v + REACH) / (2 * REACH)) * canvas.width;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const dots = (
    /** @type {Float32Array} */ points,
    /** @type {(j: number) => string} */ colour,
    /** @type {number} */ size,
  ) => {
    for (let j = 0; j < points.length; j += 2) {
      pen.fillStyle = colour(j / 2);
      pen.beginPath();
      pen.arc(place(points[j]), canvas.width - place(points[j + 1]), size, 0, 2 * Math.PI);
      pen.fill();
    }
  };
  pen.globalAlpha = 0.2;
  dots(data, () => ink, 4);
  pen.globalAlpha = 1;
  if (alphaBar !== null) paintScore(pen, mixture, alphaBar, ink);
  const hue = (/** @type {number} */ k) => `hsl(${(360 * k) / mixture.means.length + 210} 70% 52%)`;
  dots(x, (j) => hue(owner[j]), 5);
}

/**
 * Arrows along the score, -epsilon* / sqrt(1 - alpha_bar): the direction as it is, the length by its square root.
 * @param {CanvasRenderingContext2D} pen
 * @param {import("./parts/mixture.js").Mixture} mixture
 * @param {number} alphaBar
 * @param {string} ink
 */
function paintScore(pen, mixture, alphaBar, ink) {
  const side = pen.canvas.width / ARROWS;
  const grid = new Float64Array(2 * ARROWS * ARROWS);
  for (let j = 0; j < ARROWS * ARROWS; j++) {
    grid[2 * j] = (2 * REACH * ((j % ARROWS) + 0.5)) / ARROWS - REACH;
    grid[2 * j + 1] = REACH - (2 * REACH * (Math.floor(j / ARROWS) + 0.5)) / ARROWS;
  }
  const eps = epsilon(mixture, alphaBar, grid);
  const lengths = Array.from({ length: ARROWS * ARROWS }, (_, j) => Math.hypot(eps[2 * j], eps[2 * j + 1]));
  const longest = Math.sqrt(Math.max(...lengths));
  pen.strokeStyle = ink;
  pen.globalAlpha = 0.6;
  lengths.forEach((length, j) => {
    const size = (0.8 * side * Math.sqrt(length)) / longest;
    pen.save();
    pen.translate(((j % ARROWS) + 0.5) * side, (Math.floor(j / ARROWS) + 0.5) * side);
    pen.rotate(Math.atan2(eps[2 * j + 1], -eps[2 * j]));
    pen.scale(size, size);
    pen.lineWidth = 2 / size;
    pen.stroke(ARROW);
    pen.restore();
  });
  pen.globalAlpha = 1;
}
