// What a note gains where scripts run. Without them everything is there but these conveniences.

import { markPlace } from "./contents.js";
import { offerCopies } from "./copy.js";
import { prepareFolds } from "./folds.js";
import { layOutInTurn } from "./mathml.js";
import { previewTargets } from "./previews.js";

for (const note of document.querySelectorAll(".paper-notes")) {
  markPlace(note);
  offerCopies(note);
  prepareFolds(note);
  previewTargets(note);
  layOutInTurn(note);
}

// The search, where there is an index for it, comes with its first use.
const buttons = document.querySelectorAll(":is(.site, .paper-notes) .search-button");
if (buttons.length) {
  const search = async () => (await import("./search.js")).openSearch();
  for (const button of buttons) {
    button.closest(".paper-notes")?.querySelector(".note-actions")?.prepend(button, " ");
    button.removeAttribute("hidden");
    button.addEventListener("click", search);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    event.preventDefault();
    search();
  });
}

/** @param {KeyboardEvent} event */
function isTyping({ target }) {
  return target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;
}
