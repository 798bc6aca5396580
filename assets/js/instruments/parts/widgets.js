/** The controls and displays that the instruments are built from. */

let count = 0;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number | boolean>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * A labelled slider, from 0, that says its value in words.
 * @param {{label: string, max?: number, value?: number, says: (value: number) => string,
 *   changed: (value: number) => void}} options
 */
export function slider({ label, max = 0, value = 0, says, changed }) {
  const input = element("input", { type: "range", max, value, id: `instrument-${++count}` });
  const shown = element("span", { className: "instrument-value", ariaHidden: "true" });
  const wrap = element(
    "div",
    { className: "instrument-slider" },
    element("label", { htmlFor: input.id }, label),
    input,
    shown,
  );
  const say = () => {
    shown.textContent = says(input.valueAsNumber);
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => {
    say();
    changed(input.valueAsNumber);
  });
  say();
  return {
    wrap,
    get value() {
      return input.valueAsNumber;
    },
    /**
     * Move it without telling anybody.
     * @param {number} at
     * @param {number} [last]
     */
    move(at, last) {
      if (last !== undefined) input.max = String(last);
      input.value = String(at);
      say();
    },
  };
}

/**
 * A labelled choice of a few.
 * @param {string} label
 * @param {Record<string, string>} options words by value
 * @param {string} value
 * @param {() => void} changed
 */
export function choice(label, options, value, changed) {
  const select = element("select", {}, ...Object.entries(options).map(([value, text]) => new Option(text, value)));
  select.value = value;
  select.addEventListener("change", changed);
  return { wrap: element("label", { className: "instrument-field" }, label, select), select };
}

/**
 * A button; where it is `ariaDisabled` it stays where the keyboard is, and does nothing.
 * @param {string} text
 * @param {() => void} pressed
 */
export function button(text, pressed) {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", () => {
    if (made.ariaDisabled !== "true") pressed();
  });
  return made;
}

/** @param {HTMLElement[]} children */
export function row(...children) {
  return element("div", { className: "instrument-controls" }, ...children);
}

/** @param {HTMLInputElement} box @param {string} text */
export function check(box, text) {
  return element("label", { className: "instrument-check" }, box, text);
}

/**
 * Named readings that change.
 * @param {Record<string, string>} names what is shown, by key
 */
export function readings(names) {
  /** @type {Record<string, HTMLElement>} */
  const values = {};
  const wrap = element("dl", { className: "instrument-readings" });
  for (const [key, name] of Object.entries(names)) {
    values[key] = element("dd");
    wrap.append(element("div", {}, element("dt", {}, name), values[key]));
  }
  return {
    wrap,
    /** @param {Record<string, string>} texts */
    show(texts) {
      for (const [key, text] of Object.entries(texts)) values[key].textContent = text;
    },
  };
}

/**
 * A square grey picture of which every pixel can be seen.
 * @param {string} says what it shows
 */
export function picture(says) {
  const canvas = element("canvas", { className: "instrument-picture", width: 1, height: 1 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", says);
  return canvas;
}

/**
 * Paint numbers in [-1, 1] as grey; what is beyond is black or white.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} pixels
 */
export function paint(canvas, pixels) {
  const side = Math.sqrt(pixels.length);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  for (let i = 0; i < pixels.length; i++) {
    const grey = (pixels[i] + 1) * 127.5; // the array clamps
    image.data.set([grey, grey, grey, 255], 4 * i);
  }
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
}

/** Whether the reader wants no motion that was not asked for. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** The next moment at which the browser draws. @returns {Promise<number>} */
export function frame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/**
 * @param {string} url
 * @returns {Promise<any>}
 */
export async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.split("/").pop()}: ${response.status}`);
  return response.json();
}
