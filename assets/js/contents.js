// The table of contents marks the section that is being read, and closes, where it is a popover, when it has led there.

/** @param {Element} note */
export function markPlace(note) {
  const contents = note.querySelector(".toc");
  const button = note.querySelector(".toc-button");
  if (!(contents instanceof HTMLElement)) return;

  /** @type {Map<Element, HTMLAnchorElement>} */
  const links = new Map();
  for (const link of contents.querySelectorAll("a")) {
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (target) links.set(target, link);
  }
  const targets = [...links.keys()];
  const items = [...contents.querySelectorAll(".toc > ol > li")];
  /** @type {HTMLAnchorElement | undefined} */
  let current;

  // The place is the last heading above the lower two thirds of the window. Only when one crosses that line can it have
  // changed.
  const observer = new IntersectionObserver(
    () => {
      const place = targets.findLast((target) => target.getBoundingClientRect().top < innerHeight / 3);
      mark(place && links.get(place));
    },
    { rootMargin: "10000000px 0px -67% 0px" },
  );
  for (const target of targets) observer.observe(target);

  contents.addEventListener("toggle", () => {
    if (current && contents.matches(":popover-open")) reveal(current, contents);
  });
  contents.addEventListener("click", ({ target }) => {
    const isLink = target instanceof Element && target.closest("a");
    if (isLink && contents.matches(":popover-open")) contents.hidePopover();
  });

  /** @param {HTMLAnchorElement | undefined} link */
  function mark(link) {
    if (link === current) return;
    current?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "location");
    current = link;
    if (button) {
      const top = items.find((item) => link && item.contains(link));
      const section = top?.querySelector("a")?.textContent;
      button.textContent = section ?? "Contents";
      button.ariaLabel = section ? `Contents: ${section}` : null; // it still says what it opens
    }
    if (link && contents instanceof HTMLElement) reveal(link, contents);
  }
}

/**
 * Scroll the contents, and nothing else, so that an entry is in sight.
 * @param {HTMLElement} link
 * @param {HTMLElement} contents
 */
function reveal(link, contents) {
  const { top, bottom } = link.getBoundingClientRect();
  const box = contents.getBoundingClientRect();
  if (top < box.top || bottom > box.bottom) contents.scrollTop += (top + bottom - box.top - box.bottom) / 2;
}
