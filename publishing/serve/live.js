// Reloads the page, and keeps its place, when the site was built anew; shows what stopped a build until it is fixed,
// and, on a page in place of one that is not there, how far the build is.
// Only `make serve` adds this script to a page.

const PLACE = "serve-place";
const BUILD = new URL(import.meta.url).searchParams.get("build");
let error = null;

new EventSource("/.serve/news").onmessage = ({ data }) => {
  const news = JSON.parse(data);
  if (news.error !== error) show((error = news.error));
  if (news.progress) document.getElementById("serve-progress")?.replaceChildren(news.progress);
  if (news.build !== BUILD && !news.error) reload();
};

/** Once no dialog is open: what is searched is not lost. */
function reload() {
  const open = document.querySelector("dialog[open]");
  if (open) open.addEventListener("close", () => location.reload(), { once: true });
  else location.reload();
}

/** What the reader sees at the top of the window, and which folded texts are open. */
function place() {
  const above = [...document.querySelectorAll("main [id], article [id]")].filter(
    (one) => one.getClientRects().length && one.getBoundingClientRect().top <= innerHeight / 3,
  );
  const nearest = above.at(-1);
  return {
    id: nearest?.id,
    offset: nearest?.getBoundingClientRect().top,
    scroll: scrollY,
    open: [...document.querySelectorAll("details")].map((one) => one.open),
  };
}

function restore({ id, offset, scroll, open }) {
  const folds = [...document.querySelectorAll("details")];
  if (folds.length === open.length) folds.forEach((one, index) => (one.open = open[index]));
  const nearest = id && document.getElementById(id);
  const top = nearest ? scrollY + nearest.getBoundingClientRect().top - offset : scroll;
  scrollTo({ top, behavior: "instant" });
}

/** Blocks that are laid out late move what stands below them, so the place is sought until it stays. */
function settle(saved, rounds = 10) {
  const before = scrollY;
  restore(saved);
  if (rounds && (rounds > 7 || scrollY !== before)) requestAnimationFrame(() => settle(saved, rounds - 1));
}

function show(error) {
  document.getElementById("serve-error")?.remove();
  if (!error) return;
  const box = document.createElement("pre");
  box.id = "serve-error";
  box.setAttribute("role", "alert");
  box.textContent = error;
  box.style.cssText = `position: fixed; inset: auto 0 0 0; z-index: 9999; max-height: 60vh; overflow: auto; margin: 0;
    padding: 1rem 1.5rem; border-top: 4px solid #c0392b; background: #1d1f23; color: #fff;
    font: 13px/1.5 monospace; white-space: pre-wrap`;
  document.body.append(box);
}

history.scrollRestoration = "manual"; // the browser would count pixels, and come last
addEventListener("pagehide", () => sessionStorage.setItem(PLACE, JSON.stringify(place())));
const saved = sessionStorage.getItem(PLACE);
if (saved && performance.getEntriesByType("navigation")[0].type === "reload") settle(JSON.parse(saved));
