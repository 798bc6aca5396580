// Other pages of this site, each fetched once.

/** @type {Map<string, Promise<Document>>} */
const pages = new Map();

/**
 * The page that a link leads to; another attempt if an earlier one failed.
 * @param {HTMLAnchorElement} link
 * @returns {Promise<Document | undefined>}
 */
export async function pageOf(link) {
  const [page] = link.href.split("#");
  if (!pages.has(page)) pages.set(page, fetched(page));
  try {
    return await pages.get(page);
  } catch {
    pages.delete(page);
    return undefined;
  }
}

/** @param {string} page */
async function fetched(page) {
  const response = await fetch(page);
  if (!response.ok) throw new Error(`${page}: ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
