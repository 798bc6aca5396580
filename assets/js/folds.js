// One button opens or closes all folded code.

/** @param {Element} note */
export function prepareFolds(note) {
  const folds = [...note.querySelectorAll("details.cell-input")].filter((fold) => fold instanceof HTMLDetailsElement);
  const place = note.querySelector(".note-actions");
  if (!place || !folds.length) return;
  const told = { type: "button", textContent: "Show all code" };
  const button = Object.assign(document.createElement("button"), told);
  let open = false;
  button.addEventListener("click", () => {
    open = !open;
    for (const fold of folds) fold.open = open;
    button.textContent = open ? "Hide all code" : "Show all code";
  });
  place.append(button);
}
