// TeX to static SVG: reads {page: {macros: {name: [body, arguments, default?]}, formulas: [{tex, display, count, drawn?}]}}
// from standard input and writes {page: {taken, glyphs, formulas: [{html, drawn} or {error}]}} to standard output; taken
// are the macros whose names TeX has already, drawn is what takes time and is the same on every page. Standard error gets
// a line for each formula when its turn comes, so that one that never ends can be named.

import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { relative } from "./outline.mjs";

const require = createRequire(import.meta.url);
const { mathjax } = require("mathjax-full/js/mathjax.js");
const { TeX } = require("mathjax-full/js/input/tex.js");
const { SVG } = require("mathjax-full/js/output/svg.js");
const { liteAdaptor } = require("mathjax-full/js/adaptors/liteAdaptor.js");
const { RegisterHTMLHandler } = require("mathjax-full/js/handlers/html.js");
const { SerializedMmlVisitor } = require("mathjax-full/js/core/MmlTree/SerializedMmlVisitor.js");
const { STATE } = require("mathjax-full/js/core/MathItem.js");
const speech = require("speech-rule-engine");

// Named one by one: no package that swallows errors, defines macros that leak into other formulas, or writes HTML.
const PACKAGES = {
  base: "Base",
  ams: "Ams",
  mathtools: "Mathtools",
  boldsymbol: "Boldsymbol",
  braket: "Braket",
  cancel: "Cancel",
  cases: "Cases",
  color: "Color",
  centernot: "Centernot",
  upgreek: "Upgreek",
  extpfeil: "Extpfeil",
};
for (const [name, file] of Object.entries({ ...PACKAGES, configmacros: "ConfigMacros" }))
  require(`mathjax-full/js/input/tex/${name}/${file}Configuration.js`);

const TURN = "formula ";
const EX = 0.46; // em, as in most fonts for text
const ELEMENTS = new Set(["svg", "g", "path", "use", "rect", "line", "polyline", "ellipse"]);
const DROPPED = /^(data-(mml-node|c|mjx-.*)|xmlns.*|xlink:href|role|focusable)$/;
const PAINT = ["stroke", "fill", "stroke-width"]; // set once, by the stylesheet
// What MathJax leaves to a stylesheet: as attributes it holds within a <symbol> too.
const LINES = [
  {
    is: (name) => name("data-line") !== undefined || name("data-frame") !== undefined,
    paint: { "stroke-width": 70, fill: "none" },
  },
  { is: (name) => /mjx-dashed/.test(name("class")), paint: { "stroke-dasharray": 140 } },
  { is: (name) => /mjx-dotted/.test(name("class")), paint: { "stroke-linecap": "round", "stroke-dasharray": "0,140" } },
];
// A colour is one of the page's, which has another shade of it on a dark ground.
const KEPT = new Set(["none", "currentColor"]);
const COLOURS = ["orange", "blue", "green", "purple"];
const STYLE = `<style>
svg.math,.math>svg{overflow:visible;max-width:none;stroke:currentColor;fill:currentColor;stroke-width:0}
.math-kept{white-space:nowrap}
.math-glyphs{display:none}
.math.display{position:relative;text-align:center}
.math-assistive{position:absolute;top:0;left:0;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
</style>
`;

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
const visitor = new SerializedMmlVisitor();
await speech.setupEngine({ locale: "en", domain: "clearspeak", modality: "speech" });

const result = {};
const known = new TeX({ packages: Object.keys(PACKAGES) }).parseOptions.handlers;
for (const [page, { macros, formulas }] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const taken = Object.keys(macros).filter(
    (name) => known.get("macro").contains(name) || known.get("delimiter").contains(`\\${name}`),
  );
  result[page] = { taken, ...typeset(page, macros, formulas) };
}
process.stdout.write(JSON.stringify(result));

function typeset(page, macros, formulas) {
  const input = new TeX({
    packages: [...Object.keys(PACKAGES), "configmacros"],
    macros,
    formatError: (jax, error) => {
      throw error;
    },
  });
  const output = new SVG({ fontCache: "global" });
  const document = mathjax.document("", { InputJax: input, OutputJax: output });
  const drawings = formulas.map((formula, number) => {
    writeSync(2, `${TURN}${page} ${number}\n`);
    try {
      return formula.drawn ?? draw(document, output.fontCache.getCache(), formula);
    } catch (error) {
      return { error: error.message };
    }
  });
  const outlines = Object.assign({}, ...drawings.map((one) => one.outlines));
  const shapes = { page, shared: [], sizes: [] };
  const typeset = drawings.map((drawn, number) => {
    if (drawn.error) return drawn;
    const { display, count } = formulas[number];
    return { html: display ? displayed(drawn, shapes) : inline(drawn, shapes, count), drawn };
  });
  const paths = Object.entries(outlines).map(([id, d]) => `<path id="${nameOf(id, page)}" stroke-width="3" d="${d}"/>`);
  const style = STYLE.replace("</style>", `${shapes.sizes.join("")}\n</style>`);
  const defined = [...paths, ...shapes.shared].join("");
  return {
    glyphs: `${style}<svg class="math-glyphs" width="0" height="0" aria-hidden="true"><defs>${defined}</defs></svg>\n`,
    formulas: typeset,
  };
}

// The picture of a formula with the outlines of its glyphs, and what a screen reader gets in its place.
function draw(document, glyphs, { tex, display }) {
  const svg = slim(adaptor.firstChild(document.convert(tex, { display })));
  for (const name of PAINT) adaptor.removeAttribute(adaptor.firstChild(svg), name);
  round(svg);
  const mathml = visitor
    .visitTree(document.convert(tex, { display, end: STATE.CONVERT }))
    .replace(/ mathcolor="[^"]*"/g, "");
  const used = new Set(adaptor.tags(svg, "use").map((use) => adaptor.getAttribute(use, "href").slice(1)));
  const outlines = [...used].map((id) => [id, relative(adaptor.getAttribute(adaptor.elementById(glyphs, id), "d"))]);
  return {
    attributes: Object.fromEntries(adaptor.allAttributes(svg).map(({ name, value }) => [name, value])),
    inside: adaptor.innerHTML(svg),
    outlines: Object.fromEntries(outlines),
    said: display ? mathml.replace(/ (data-mjx-[a-z]+|xmlns)="[^"]*"/g, "").replace(/>\s+</g, "><") : spoken(mathml),
  };
}

// A line of text has many formulas, and a tree of MathML for each costs the reader's browser dearly: speak them instead.
function spoken(mathml) {
  return speech
    .toSpeech(mathml)
    .replace(/\bdivides\b/g, "given")
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function displayed(drawn, shapes) {
  const svg = element("svg", { ...drawn.attributes, "aria-hidden": "true" }, fromGlyphs(drawn, shapes));
  return `<div class="math display">${svg}<span class="math-assistive">${drawn.said}</span></div>`;
}

function inline(drawn, shapes, count) {
  const said = { role: "img", "aria-label": drawn.said };
  const inside = fromGlyphs(drawn, shapes);
  if (count === 1) return element("svg", { ...drawn.attributes, class: "math inline", ...said }, inside);
  const name = share(drawn.attributes, inside, shapes);
  return element("svg", { class: `math inline ${name}`, ...said }, `<use href="#${name}"></use>`);
}

// A formula that returns has its drawing and its size once, with the glyphs, and is named wherever it stands.
function share({ viewBox, width, height, style }, inside, shapes) {
  const name = `${shapes.page}-m${shapes.shared.length + 1}`;
  shapes.shared.push(element("symbol", { id: name, overflow: "visible", viewBox }, inside));
  shapes.sizes.push(`.${name}{width:${width};height:${height};${style.replaceAll(" ", "").replace(/;$/, "")}}`);
  return name;
}

// The inside of a drawing with short names for its glyphs, of which each page has one outline.
function fromGlyphs({ inside }, { page }) {
  return inside.replace(/(?<= href="#)[^"]+/g, (id) => nameOf(id, page));
}

// By font and letter: a formula more on the page renames none.
function nameOf(id, page) {
  return id.replace(/^MJX(-\d+)?-TEX-(\w+)-/, `${page}-$2-`);
}

function element(name, attributes, inside) {
  const told = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<${name}${told.join("")}>${inside}</${name}>`;
}

// Thousandths of an em, which no eye tells apart from more. MathJax measures in ex, which is another part of an em in
// each reader's font: a formula that fits a phone would not fit the next.
function round(svg) {
  const to = (places, text) => text.replace(/-?\d*\.\d+/g, (number) => String(Number(Number(number).toFixed(places))));
  const inEm = (text) => text.replace(/(-?[\d.]+)ex/g, (_, number) => `${Number((number * EX).toFixed(3))}em`);
  adaptor.setAttribute(svg, "viewBox", to(0, adaptor.getAttribute(svg, "viewBox")));
  for (const size of ["width", "height", "style"]) {
    const told = adaptor.getAttribute(svg, size);
    if (told) adaptor.setAttribute(svg, size, inEm(told));
  }
  for (const use of adaptor.tags(svg, "use")) {
    const transform = adaptor.getAttribute(use, "transform");
    if (transform)
      place(
        use,
        transform.replace(/translate\([^)]*\)/g, (moved) => to(0, moved)),
      );
  }
}

// A shift alone takes fewer bytes as x and y.
function place(use, transform) {
  const [, x, y] = /^translate\((-?\d+),(-?\d+)\)$/.exec(transform) ?? [];
  if (x === undefined) return adaptor.setAttribute(use, "transform", transform);
  adaptor.removeAttribute(use, "transform");
  adaptor.setAttribute(use, "x", x);
  if (y !== "0") adaptor.setAttribute(use, "y", y);
}

// The same picture from fewer nodes: groups that do nothing go, a group around one glyph gives it its transform.
function slim(node) {
  const kind = adaptor.kind(node);
  if (kind === "text") throw new Error("a character that TeX's fonts do not have; write it as a command");
  if (!ELEMENTS.has(kind)) throw new Error(`it would put <${kind}> on the page; leave that command out`);
  for (const { is, paint } of LINES) {
    if (is((name) => adaptor.getAttribute(node, name)))
      for (const [name, value] of Object.entries(paint)) adaptor.setAttribute(node, name, value);
  }
  const target = adaptor.getAttribute(node, "xlink:href");
  if (target) adaptor.setAttribute(node, "href", target);
  for (const { name } of adaptor.allAttributes(node)) if (DROPPED.test(name)) adaptor.removeAttribute(node, name);
  for (const name of ["fill", "stroke"]) {
    const colour = adaptor.getAttribute(node, name);
    if (!colour || KEPT.has(colour)) continue;
    if (!COLOURS.includes(colour))
      throw new Error(`the colour “${colour}” is none of the page's; take ${COLOURS.join(", ")}`);
    adaptor.setAttribute(node, name, `var(--math-${colour})`);
  }
  for (const child of [...adaptor.childNodes(node)]) replace(child, slim(child));
  return node;
}

function replace(old, node) {
  const parent = adaptor.parent(old);
  if (adaptor.kind(node) !== "g") return;
  const children = adaptor.childNodes(node);
  const attributes = adaptor.allAttributes(node).map(({ name }) => name);
  if (attributes.length === 0 || children.length === 0) {
    for (const child of [...children]) adaptor.insert(child, node);
    adaptor.remove(node);
  } else if (children.length === 1 && adaptor.kind(children[0]) === "use" && attributes.join() === "transform") {
    const inner = adaptor.getAttribute(children[0], "transform");
    const outer = adaptor.getAttribute(node, "transform");
    adaptor.setAttribute(children[0], "transform", inner ? `${outer} ${inner}` : outer);
    adaptor.replace(children[0], node);
  }
}
