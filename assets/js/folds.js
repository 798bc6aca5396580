// One button that opens or closes all folded code.

/** @param {Element} note */
export function foldAllCode(note) {
  const place = note.querySelector('.note-actions');
  const folds = [...note.querySelectorAll('details.cell-input')].filter((fold) => fold instanceof HTMLDetailsElement);
  if (!place || !folds.length) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Show all code';
  let open = false;
  button.addEventListener('click', () => {
    open = !open;
    for (const fold of folds) fold.open = open;
    button.textContent = open ? 'Hide all code' : 'Show all code';
  });
  place.append(button);
}
