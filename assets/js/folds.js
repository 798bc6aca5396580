// Folded code: it stands on another page, to which each fold has a link, and comes into the fold when that is opened. One
// button opens or closes all folds.

import { pageOf, targetOn } from "./pages.js";

/**
 * @param {Element} note
 * @param {(within: Element) => void} whenFilled
 */
export function prepareFolds(note, whenFilled) {
  const folds = [...note.querySelectorAll("details.cell-input")].filter((fold) => fold instanceof HTMLDetailsElement);
  for (const fold of folds) fold.addEventListener("toggle", () => fill(fold, whenFilled));
  const place = note.querySelector(".note-actions");
  if (place && folds.length) place.append(buttonFor(folds));
}

/** @param {HTMLDetailsElement[]} folds */
function buttonFor(folds) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Show all code";
  let open = false;
  button.addEventListener("click", () => {
    open = !open;
    for (const fold of folds) fold.open = open;
    button.textContent = open ? "Hide all code" : "Show all code";
  });
  return button;
}

/**
 * Where the code cannot be had, the link stays; opening the fold again is another attempt.
 * @param {HTMLDetailsElement} fold
 * @param {(within: Element) => void} whenFilled
 */
async function fill(fold, whenFilled) {
  const link = fold.querySelector("a.code-link");
  if (!fold.open || !(link instanceof HTMLAnchorElement)) return;
  const code = await listed(link);
  if (!code || !link.isConnected) return;
  const block = document.importNode(code, true);
  const focused = document.activeElement === link;
  link.parentElement?.replaceWith(block);
  if (focused) block.querySelector("pre")?.focus();
  whenFilled(fold);
}

/** @param {HTMLAnchorElement} link */
async function listed(link) {
  link.ariaBusy = "true";
  const page = await pageOf(link);
  link.ariaBusy = null;
  return page && targetOn(page, link)?.querySelector(".highlight");
}
