// Buttons that copy code, and the TeX of an equation. They come with what they belong to, when it comes into sight.

/** @type {{of: string, name: string, label: string, text: (one: Element) => string | null | undefined}[]} */
const KINDS = [
  { of: ".highlight", name: "Copy", label: "Copy the code", text: (one) => one.querySelector("code")?.textContent },
  { of: ".equation[data-tex]", name: "TeX", label: "Copy as TeX", text: (one) => one.getAttribute("data-tex") },
];

/** @param {Element} note */
export function offerCopies(note) {
  const state = Object.assign(document.createElement("p"), { className: "copy-state", role: "status" });
  note.append(state);
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        offer(target, state);
      }
    },
    { rootMargin: "100px" },
  );
  for (const { of } of KINDS) for (const one of note.querySelectorAll(of)) observer.observe(one);
}

/** @param {Element} one @param {Element} state */
function offer(one, state) {
  const kind = KINDS.find(({ of }) => one.matches(of));
  if (!kind) return;
  const told = { type: "button", className: "copy", textContent: kind.name, ariaLabel: kind.label };
  const button = Object.assign(document.createElement("button"), told);
  button.addEventListener("click", () => copy(kind.text(one) ?? "", button, kind, state));
  one.append(button);
}

/**
 * @param {string} text
 * @param {HTMLButtonElement} button
 * @param {{name: string, label: string}} kind
 * @param {Element} state
 */
async function copy(text, button, { name, label }, state) {
  // On a page without encryption there is no clipboard.
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  say(done ? "Copied" : "Not allowed", done ? "Copied" : "The browser does not allow copying");
  const told = (state.textContent = button.ariaLabel);
  setTimeout(() => {
    say(name, label);
    if (state.textContent === told) state.textContent = "";
  }, 2000);

  /** @param {string} word @param {string} sentence */
  function say(word, sentence) {
    Object.assign(button, { textContent: word, ariaLabel: sentence });
  }
}
