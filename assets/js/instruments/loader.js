/**
 * Finds the figures that can be tried out and gives each a button. Everything else is fetched when it is pressed.
 */

/**
 * What every instrument exports: it fills the panel and returns a function that stops whatever it has running.
 * @typedef {(panel: HTMLElement, file: (name: string) => string) => Promise<() => void>} Mount
 */

const NAMES = { open: "Try it", close: "Back to the picture" };

for (const figure of document.querySelectorAll("figure[data-instrument]")) {
  prepare(/** @type {HTMLElement} */ (figure));
}

const sheet = { rel: "stylesheet", href: new URL("../../css/instruments.css", import.meta.url).href };
document.head.append(Object.assign(document.createElement("link"), sheet));

/** @param {HTMLElement} figure */
function prepare(figure) {
  const picture = /** @type {HTMLElement} */ (figure.querySelector("picture, img"));
  const call = /** @type {HTMLElement} */ (figure.querySelector(".instrument-call"));
  const caption = /** @type {HTMLElement} */ (figure.querySelector("figcaption"));
  caption.id = `${figure.id}-caption`;
  const told = { className: "instrument", id: `${figure.id}-instrument`, role: "group", hidden: true, tabIndex: -1 };
  const panel = Object.assign(document.createElement("div"), told);
  panel.setAttribute("aria-labelledby", caption.id);
  picture.after(panel);

  const closed = { type: "button", textContent: NAMES.open, ariaExpanded: "false" };
  const button = Object.assign(document.createElement("button"), closed);
  button.setAttribute("aria-controls", panel.id);
  button.setAttribute("aria-describedby", caption.id);
  const state = Object.assign(document.createElement("span"), { role: "status" });
  call.replaceChildren(button, state);

  let stop = () => {};
  button.addEventListener("click", async () => {
    if (button.ariaDisabled === "true") return;
    const opens = panel.hidden;
    if (!opens) stop();
    else if (panel.childElementCount === 0) {
      button.ariaDisabled = "true";
      state.textContent = "Loading …";
      try {
        const { instrument, files } = figure.dataset;
        const base = new URL(/** @type {string} */ (files), document.baseURI).href;
        /** @type {{mount: Mount}} */
        const { mount } = await import(`./${instrument}.js`);
        stop = await mount(panel, (name) => base + name);
        state.textContent = "";
      } catch (error) {
        panel.replaceChildren();
        state.textContent = `This did not load (${error instanceof Error ? error.message : error}). Press again to retry.`;
        return;
      } finally {
        button.ariaDisabled = null;
      }
    }
    panel.hidden = !opens;
    picture.hidden = opens;
    Object.assign(button, { textContent: opens ? NAMES.close : NAMES.open, ariaExpanded: String(opens) });
    if (opens) {
      panel.focus({ preventScroll: true });
      panel.firstElementChild?.scrollIntoView({ block: "nearest" });
    } else button.focus();
  });
}
