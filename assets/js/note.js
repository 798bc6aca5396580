// What a note gains where scripts run. Without them everything is there but these conveniences.

import { markPlace } from "./contents.js";
import { offerCopies } from "./copy.js";
import { prepareFolds } from "./folds.js";
import { previewTargets } from "./previews.js";

for (const note of document.querySelectorAll(".paper-notes")) {
  markPlace(note);
  offerCopies(note);
  prepareFolds(note);
  previewTargets(note);
}
