// What a note gains where scripts run. Without them everything is there but these conveniences.

import { markPlace } from "./contents.js";
import { offerCopies } from "./copy.js";
import { prepareFolds } from "./folds.js";
import { previewTargets } from "./previews.js";

for (const note of document.querySelectorAll(".paper-notes")) {
  markPlace(note);
  const offerCopiesIn = offerCopies(note);
  prepareFolds(note, offerCopiesIn);
  previewTargets(note);
}
