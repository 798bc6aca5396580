// The page that the notes stand in, as it looks: its ground, whatever made it light or dark, its letters and the colour of
// its links become ours, as far as all of ours can be read on it. No module: it runs before the notes are painted.

(() => {
  // Luminances of a ground, from which up and down our colours for a light and a dark page have contrast on it.
  const LIGHT = 0.82;
  const DARK = 0.035;
  const notes = /** @type {HTMLElement} */ (document.getElementById("paper-notes"));
  const around = /** @type {HTMLElement} */ (notes.parentElement);
  const sheet = [...document.styleSheets].find((one) => one.href?.endsWith("/paper-notes/css/embedded.css"));
  if (!sheet) return; // it did not load
  const inTheDark = [...sheet.cssRules]
    .filter((rule) => rule instanceof CSSMediaRule)
    .filter((rule) => rule.conditionText.includes("prefers-color-scheme"));
  // On paper the page has another ground, so what is adopted goes into a rule for the screen.
  const rule = "@media screen { #paper-notes#paper-notes.embedded {} }";
  const onScreen = /** @type {CSSMediaRule} */ (sheet.cssRules[sheet.insertRule(rule, sheet.cssRules.length)]);
  const { style } = /** @type {CSSStyleRule} */ (onScreen.cssRules[0]);

  const { heading } = notes.dataset;
  if (heading && !document.title.includes(heading)) document.title = heading;
  look();
  addEventListener("load", look);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
  document.head.addEventListener("load", look, true); // of another stylesheet
  document.addEventListener("transitionend", ({ target }) => {
    if (target instanceof Element && target.contains(around)) look();
  });
  const observer = new MutationObserver(look);
  for (const place of [document.documentElement, document.body]) observer.observe(place, { attributes: true });
  observer.observe(document.head, { attributes: true, childList: true, subtree: true });

  function look() {
    const [text, heading, link, code, blank] = looks("p", "h2", "a", "code", "samp");
    const ground = groundOf(around) ?? numbers(blank.backgroundColor);
    const luminance = luminanceOf(ground);
    const isDark = luminance < 0.18;
    const isGood = luminance >= LIGHT || luminance <= DARK;
    for (const { media } of inTheDark) media.mediaText = isDark ? "screen" : "not all";
    notes.toggleAttribute("data-ground", isGood);
    style.cssText = `
      color-scheme: ${isDark ? "dark" : "light"};
      --serif: ${text.fontFamily};
      --sans: ${text.fontFamily};
      --headings: ${heading.fontFamily};
      --mono: ${code.fontFamily};
      --body: ${Math.max(16, parseFloat(text.fontSize))}px;`;
    if (!isGood) return;
    style.setProperty("--paper", `rgb(${ground})`);
    if (contrast(text.color, luminance) >= 7) style.setProperty("--ink", text.color);
    if (contrast(link.color, luminance) >= 5.5) style.setProperty("--accent", link.color);
  }

  /**
   * How the page shows elements of these names where the notes are.
   * @param {string[]} names
   */
  function looks(...names) {
    const probe = document.createElement("div");
    probe.hidden = true;
    probe.append(...names.map((name) => document.createElement(name)));
    for (const one of probe.querySelectorAll("a")) one.href = "#";
    for (const one of probe.querySelectorAll("samp")) one.style.background = "Canvas"; // what the browser paints by itself
    around.append(probe);
    const found = [...probe.children].map((one) => {
      const { color, backgroundColor, fontFamily, fontSize } = getComputedStyle(one);
      return { color, backgroundColor, fontFamily, fontSize };
    });
    probe.remove();
    return found;
  }

  /**
   * The colour behind an element, a grey where a picture is; none where nothing paints one.
   * @param {Element | null} element
   * @returns {number[] | undefined}
   */
  function groundOf(element) {
    for (; element; element = element.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(element);
      const [red, green, blue, alpha = 1] = numbers(backgroundColor);
      if (alpha > 0.5) return [red, green, blue];
      if (backgroundImage !== "none") return [128, 128, 128];
    }
  }

  /**
   * Red, green and blue of a computed colour, up to 255, and its opacity if it is not whole.
   * @param {string} colour
   */
  function numbers(colour) {
    if (colour.startsWith("rgb")) return [...colour.matchAll(/[\d.]+/g)].map(Number);
    const paint = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  }

  /** @param {number[]} colour */
  function luminanceOf(colour) {
    const [red, green, blue] = colour
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  /** @param {string} colour @param {number} ground its luminance */
  function contrast(colour, ground) {
    const both = [luminanceOf(numbers(colour)), ground];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  }
})();
