// Buttons that copy code, and the TeX of an equation. They come with what they belong to, when it comes into sight.

const KINDS = [
  { of: '.highlight', name: 'Copy', label: 'Copy the code', text: codeOf },
  { of: '.equation[data-tex]', name: 'TeX', label: 'Copy as TeX', text: texOf },
];

/** @param {Element} note */
export function offerCopies(note) {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      offer(target);
    }
  }, { rootMargin: '100px' });
  for (const { of } of KINDS) for (const one of note.querySelectorAll(of)) observer.observe(one);
}

/** @param {Element} one */
function offer(one) {
  const kind = KINDS.find(({ of }) => one.matches(of));
  if (!kind) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = kind.name;
  button.setAttribute('aria-label', kind.label);
  button.addEventListener('click', () => copy(kind.text(one), button, kind));
  one.append(button);
}

/**
 * @param {string} text
 * @param {HTMLButtonElement} button
 * @param {{name: string, label: string}} kind
 */
async function copy(text, button, { name, label }) {
  const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
  say(done ? 'Copied' : 'Not allowed', done ? 'Copied' : 'The browser does not allow copying');
  setTimeout(() => say(name, label), 2000);

  /** @param {string} word @param {string} sentence */
  function say(word, sentence) {
    button.textContent = word;
    button.setAttribute('aria-label', sentence);
  }
}

/** @param {Element} block */
function codeOf(block) {
  return block.querySelector('code')?.textContent ?? '';
}

/** @param {Element} equation */
function texOf(equation) {
  return equation.getAttribute('data-tex') ?? '';
}
