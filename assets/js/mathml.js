// Laying out the MathML that screen readers get takes as long as all that is seen. Where scripts run the stylesheet
// lets it wait, and it comes in idle moments, a few formulas at a time.

const AT_ONCE = 4;

/** @param {Element} note */
export function layOutInTurn(note) {
  const waiting = [...note.querySelectorAll(".math-assistive")].filter((formula) => formula instanceof HTMLElement);
  const whenIdle = window.requestIdleCallback ?? window.setTimeout;
  const next = () => {
    for (const formula of waiting.splice(0, AT_ONCE)) formula.style.contentVisibility = "visible";
    if (waiting.length) whenIdle(next);
  };
  whenIdle(next);
}
