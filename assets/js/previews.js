// A reference to an equation, a figure, a table, a claim or a source shows it, as long as pointer or focus is on it. What
// stands on another page of the site is fetched from there; a claim comes with its code. A finger's first tap on a number
// that a claim measured shows it, the second follows the link.

import { pageOf } from "./pages.js";

const KINDS = /^#(eq|fig|table|ref|fn|claim|source)-/;
const LEFT_OUT =
  "button, script, details.cell-input, .instrument, .instrument-call, .permalink, .footnote-back, .backlinks";
const DELAY = 200; // milliseconds, so that a pointer on its way elsewhere raises nothing

/** @param {Element} note */
export function previewTargets(note) {
  const told = { id: "preview", className: "preview", role: "tooltip", hidden: true };
  const card = Object.assign(document.createElement("div"), told);
  note.append(card);
  /** @type {HTMLAnchorElement | undefined} */
  let shown; // or, of another page, awaited
  let timer = 0;
  /** @type {HTMLAnchorElement | undefined} */
  let shownBeforeTap;

  note.addEventListener("pointerover", (event) => wait(event, DELAY));
  note.addEventListener("focusin", (event) => wait(event, 0));
  note.addEventListener("pointerout", ({ target }) => {
    // A pointer that rests on other text is "out" when the page scrolls under it, as the keyboard makes it do.
    if (target instanceof Element && target.closest("a, .preview")) leave(DELAY);
  });
  note.addEventListener("focusout", () => leave(0));
  note.addEventListener("pointerdown", () => (shownBeforeTap = shown));
  note.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a.finding") : null;
    const isTouch = event instanceof PointerEvent && event.pointerType === "touch";
    if (!(link instanceof HTMLAnchorElement) || link === shownBeforeTap || !isTouch) return;
    event.preventDefault();
    clearTimeout(timer);
    show(link);
  });
  card.addEventListener("pointerover", () => clearTimeout(timer));
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide();
  });

  /** @param {Event} event @param {number} delay */
  function wait({ target }, delay) {
    const link = target instanceof Element ? target.closest("a") : null;
    if (!link || !KINDS.test(link.hash) || link.origin !== location.origin || link.matches(".toc a")) return;
    clearTimeout(timer);
    timer = setTimeout(() => show(link), link === shown ? 0 : delay);
  }

  /** @param {number} delay */
  function leave(delay) {
    clearTimeout(timer);
    timer = setTimeout(hide, delay);
  }

  /** @param {HTMLAnchorElement} link */
  async function show(link) {
    if (link === shown) return;
    hide();
    shown = link;
    const page = link.pathname === location.pathname ? document : await pageOf(link);
    const target = page?.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!page || !target || target.contains(link) || link !== shown) return;
    card.replaceChildren(likeness(target));
    bringGlyphs(page, note);
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    place(card, link, note);
  }

  function hide() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = undefined;
    card.hidden = true;
  }
}

/**
 * The shapes of another page's formulas, once: they have names that no other page uses.
 * @param {Document} page
 * @param {Element} note
 */
function bringGlyphs(page, note) {
  const glyphs = page.querySelector(".math-glyphs");
  const first = glyphs?.querySelector("[id]")?.id;
  if (!glyphs || !first || document.getElementById(first)) return;
  const style = glyphs.previousElementSibling;
  note.append(...[style, glyphs].filter((one) => one !== null).map((one) => document.importNode(one, true)));
}

/**
 * A copy of the target, unfolded, without ids, controls, and what takes focus.
 * @param {Element} target
 */
function likeness(target) {
  const whole = target.matches("table") ? (target.closest(".table-scroll") ?? target) : target;
  const code = target.matches(".claim") ? target.closest(".checked")?.querySelector(".highlight") : null;
  const copy = document.createElement(whole.matches("li") ? "ul" : "div");
  copy.append(...[whole, code].filter((one) => one instanceof Element).map((one) => document.importNode(one, true)));
  for (const one of copy.querySelectorAll(LEFT_OUT)) one.remove();
  for (const one of copy.querySelectorAll("*")) {
    if (one instanceof HTMLElement && one.matches("picture, img")) one.hidden = false; // an instrument may stand in its place
    if (one instanceof HTMLDetailsElement) one.open = true;
    one.removeAttribute("id");
    one.removeAttribute("tabindex");
    one.removeAttribute("loading");
  }
  for (const link of copy.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  return copy;
}

/**
 * Below the link where there is room for the card, else above it; within the window.
 * @param {HTMLElement} card
 * @param {Element} link
 * @param {Element} note
 */
function place(card, link, note) {
  const origin = note.getBoundingClientRect();
  const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - card.offsetWidth - 8));
  const below = at.bottom + 6;
  const top =
    below + card.offsetHeight > innerHeight && at.top > card.offsetHeight ? at.top - card.offsetHeight - 6 : below;
  card.style.left = `${left - origin.left}px`;
  card.style.top = `${top - origin.top}px`;
}
