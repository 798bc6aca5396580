// The search over all pages: a dialog that asks the index which the build made. Pagefind's script finds in it.

/** @typedef {{title: string, url: string, excerpt: string, locations: number[]}} Section */
/** @typedef {{url: string, meta: {title: string}, sub_results: Section[]}} Found */
/** @typedef {{data: () => Promise<Found>}} Result */

const PAGES = 5; // at once
const SECTIONS = 3; // of each page, those with the most hits
const NO_INDEX = "The index cannot be loaded. Try again when you are online.";
const DELAY = 150; // milliseconds after a letter, in which another may come

// In another site the index is not at its root, and the dialog takes its colours from the note.
const button = /** @type {HTMLElement | null} */ (document.querySelector(".embedded .search-button"));
const { index: folder = "../../pagefind/", root: baseUrl } = button?.dataset ?? {};

const dialog = document.createElement("dialog");
dialog.className = "search";
dialog.setAttribute("aria-label", "Search");
dialog.innerHTML = `
<div class="search-bar">
<input type="text" aria-label="Search all pages" enterkeyhint="search" autocomplete="off" autocapitalize="off" spellcheck="false">
<button type="button">Close</button>
</div>
<p class="search-state" role="status"></p>
<ol class="search-results"></ol>
<button type="button" class="search-more" hidden>More pages</button>`;
const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
const state = /** @type {HTMLElement} */ (dialog.querySelector(".search-state"));
const list = /** @type {HTMLElement} */ (dialog.querySelector(".search-results"));
const more = /** @type {HTMLButtonElement} */ (dialog.querySelector(".search-more"));
/** @type {Promise<any> | undefined} */
let pagefind;
/** @type {Result[]} */
let results = [];

dialog.addEventListener("click", ({ target }) => {
  const link = target instanceof Element && target.closest("a");
  if (target === dialog || (link && link.pathname === location.pathname)) dialog.close(); // beside it, or led down the page
});
addEventListener("pagehide", () => dialog.close()); // who comes back finds the page
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) move(event, step);
  else if (event.key === "Enter" && event.target === input && !event.isComposing) links()[0]?.click();
});
dialog.querySelector("button")?.addEventListener("click", () => dialog.close());
input.addEventListener("input", search);
more.addEventListener("click", async () => {
  const before = links().length;
  more.disabled = true;
  await showMore(results);
  more.disabled = false;
  links()[before]?.focus();
});
const sheet = { rel: "stylesheet", href: new URL("../css/search.css", import.meta.url).href };
const style = Object.assign(document.createElement("link"), sheet);
const styled = new Promise((done) => (style.onload = style.onerror = done)); // else the dialog is not shown
document.head.append(style);
(button?.closest(".embedded") ?? document.body).append(dialog);

/** Open the dialog; what was searched before is still there, and is replaced by the first letter. */
export async function openSearch() {
  await styled;
  if (!dialog.open) dialog.showModal();
  input.focus();
  input.select();
  index().catch(() => (state.textContent = NO_INDEX));
}

/** Pagefind, once it knows its index; another attempt if an earlier one failed. */
function index() {
  pagefind ??= import(new URL(`${folder}pagefind.js`, import.meta.url).href)
    .then(async (script) => {
      await script.options({ excerptLength: 24, baseUrl });
      await script.init();
      return script;
    })
    .catch((error) => {
      pagefind = undefined;
      throw error;
    });
  return pagefind;
}

async function search() {
  const words = input.value.trim();
  results = [];
  list.replaceChildren(); // or Enter would lead to what was found for other words
  more.hidden = true;
  state.textContent = words && "Searching …";
  try {
    const found = await (await index()).debouncedSearch(words, {}, DELAY);
    if (!found || words !== input.value.trim()) return; // other words came in between
    results = words ? found.results : [];
    await showMore(results);
    const pages = results.length === 1 ? "1 page" : `${results.length} pages`;
    state.textContent = words && (results.length ? pages : "No page has these words.");
  } catch {
    state.textContent = NO_INDEX;
  }
}

/**
 * Some more pages of these results, unless others came in between.
 * @param {Result[]} of
 */
async function showMore(of) {
  const shown = list.childElementCount;
  const found = await Promise.all(of.slice(shown, shown + PAGES).map((result) => result.data()));
  if (of !== results) return;
  list.append(...found.map(entry));
  more.hidden = list.childElementCount === of.length;
}

/** @param {Found} found */
function entry({ url, meta, sub_results }) {
  const sections = sub_results.filter((one) => one.url !== url);
  const most = [...sections].sort((a, b) => b.locations.length - a.locations.length).slice(0, SECTIONS);
  const beginning = sub_results.find((one) => one.url === url);
  const item = hit(url, meta.title, beginning?.excerpt ?? "");
  if (most.length) {
    const inner = document.createElement("ol");
    const shown = sections.filter((section) => most.includes(section));
    inner.append(...shown.map(({ url, title, excerpt }) => hit(url, title, excerpt)));
    item.append(inner);
  }
  return item;
}

/**
 * An entry with a link, and the words around those that were found, which Pagefind has marked.
 * @param {string} url
 * @param {string} title
 * @param {string} excerpt
 */
function hit(url, title, excerpt) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: url, textContent: title });
  item.append(link);
  if (excerpt) item.append(Object.assign(document.createElement("p"), { innerHTML: excerpt }));
  return item;
}

/** @returns {HTMLElement[]} */
function links() {
  return [...list.querySelectorAll("a")];
}

/**
 * From the words through the links and back.
 * @param {KeyboardEvent} event
 * @param {number} step
 */
function move(event, step) {
  const stops = [input, ...links()];
  const here = stops.findIndex((stop) => stop === document.activeElement);
  event.preventDefault();
  stops[Math.min(Math.max(here + step, 0), stops.length - 1)].focus();
}
