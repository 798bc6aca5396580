// TeX to static SVG: reads {paper: [{tex, display, count}]} from standard input and writes
// {paper: {glyphs, formulas: [{html} or {error}]}} to standard output. One document and one glyph cache for each paper.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { onePath, relative } from './outline.mjs';

const require = createRequire(import.meta.url);
const { mathjax } = require('mathjax-full/js/mathjax.js');
const { TeX } = require('mathjax-full/js/input/tex.js');
const { SVG } = require('mathjax-full/js/output/svg.js');
const { liteAdaptor } = require('mathjax-full/js/adaptors/liteAdaptor.js');
const { RegisterHTMLHandler } = require('mathjax-full/js/handlers/html.js');
const { SerializedMmlVisitor } = require('mathjax-full/js/core/MmlTree/SerializedMmlVisitor.js');
const { STATE } = require('mathjax-full/js/core/MathItem.js');
const speech = require('speech-rule-engine');

// Named one by one: no package that swallows errors, defines macros that leak into other formulas, or writes HTML.
const PACKAGES = {
  base: 'Base', ams: 'Ams', mathtools: 'Mathtools', boldsymbol: 'Boldsymbol', braket: 'Braket', cancel: 'Cancel',
  cases: 'Cases', centernot: 'Centernot', upgreek: 'Upgreek', extpfeil: 'Extpfeil',
};
for (const [name, file] of Object.entries(PACKAGES)) require(`mathjax-full/js/input/tex/${name}/${file}Configuration.js`);

const ELEMENTS = new Set(['svg', 'g', 'path', 'use', 'rect', 'line', 'polyline', 'ellipse']);
const DROPPED = /^(data-(mml-node|c|mjx-.*)|xmlns.*|role|focusable)$/;
const BYTES_AN_OCCURRENCE = 100; // of an outline, uncompressed
const PAINT = ['stroke', 'fill', 'stroke-width']; // set once, by the stylesheet
const STYLE = `<style>
.math>svg{overflow:visible;max-width:none;stroke:currentColor;fill:currentColor;stroke-width:0}
.math use{stroke-width:3}
.math line[data-line],.math rect[data-frame]{stroke-width:70px;fill:none}
.math .mjx-dashed{stroke-dasharray:140}
.math .mjx-dotted{stroke-linecap:round;stroke-dasharray:0,140}
.math-kept{white-space:nowrap}
.math-glyphs{display:none}
.math.display{position:relative;text-align:center}
.math-assistive{position:absolute;top:0;left:0;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
</style>
`;

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
const visitor = new SerializedMmlVisitor();
await speech.setupEngine({ locale: 'en', domain: 'clearspeak', modality: 'speech' });

const result = {};
for (const [paper, formulas] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) result[paper] = typeset(formulas);
process.stdout.write(JSON.stringify(result));

function typeset(formulas) {
  const input = new TeX({ packages: Object.keys(PACKAGES), formatError: (jax, error) => { throw error; } });
  const output = new SVG({ fontCache: 'global' });
  const document = mathjax.document('', { InputJax: input, OutputJax: output });
  const shapes = { glyphs: output.fontCache.getCache(), outlines: [], used: new Set() };
  const typeset = formulas.map((formula) => attempt(document, shapes, formula));
  const glyphs = adaptor.childNodes(shapes.glyphs).filter((glyph) => shapes.used.has(adaptor.getAttribute(glyph, 'id')));
  const paths = [...glyphs.map(glyphPath), ...shapes.outlines].join('');
  return { glyphs: `${STYLE}<svg class="math-glyphs" width="0" height="0" aria-hidden="true"><defs>${paths}</defs></svg>\n`, formulas: typeset };
}

function glyphPath(glyph) {
  const [id, data] = ['id', 'd'].map((name) => adaptor.getAttribute(glyph, name));
  return `<path id="${id}" d="${relative(data)}"/>`;
}

function attempt(document, shapes, { tex, display, count }) {
  try {
    const container = document.convert(tex, { display });
    const svg = slim(adaptor.firstChild(container));
    for (const name of PAINT) adaptor.removeAttribute(adaptor.firstChild(svg), name);
    draw(svg, shapes, count);
    adaptor.setAttribute(svg, 'aria-hidden', 'true');
    round(svg);
    const mathml = visitor.visitTree(document.convert(tex, { display, end: STATE.CONVERT }));
    return { html: display ? displayed(svg, mathml) : inline(svg, mathml) };
  } catch (error) {
    return { error: error.message };
  }
}

function displayed(svg, mathml) {
  const math = mathml.replace(/ (data-mjx-[a-z]+|xmlns)="[^"]*"/g, '').replace(/>\s+</g, '><');
  return `<div class="math display">${adaptor.outerHTML(svg)}<span class="math-assistive">${math}</span></div>`;
}

// A line of text has many formulas, and a tree of MathML for each costs the reader's browser dearly: speak them instead.
function inline(svg, mathml) {
  const spoken = speech.toSpeech(mathml).replace(/\bdivides\b/g, 'given').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<span class="math inline" role="img" aria-label="${spoken}">${adaptor.outerHTML(svg)}</span>`;
}

// Thousandths of an em and hundredths of an ex, which no eye tells apart from more.
function round(svg) {
  const to = (places, text) => text.replace(/-?\d*\.\d+/g, (number) => String(Number(Number(number).toFixed(places))));
  adaptor.setAttribute(svg, 'viewBox', to(0, adaptor.getAttribute(svg, 'viewBox')));
  for (const size of ['width', 'height']) adaptor.setAttribute(svg, size, to(2, adaptor.getAttribute(svg, size)));
  for (const use of adaptor.tags(svg, 'use')) {
    const transform = adaptor.getAttribute(use, 'transform');
    if (transform) place(use, transform.replace(/translate\([^)]*\)/g, (moved) => to(0, moved)));
  }
}

// A shift alone takes fewer bytes as x and y.
function place(use, transform) {
  const [, x, y] = /^translate\((-?\d+),(-?\d+)\)$/.exec(transform) ?? [];
  if (x === undefined) return adaptor.setAttribute(use, 'transform', transform);
  adaptor.removeAttribute(use, 'transform');
  adaptor.setAttribute(use, 'x', x);
  if (y !== '0') adaptor.setAttribute(use, 'y', y);
}

// A formula that returns is drawn once, as one outline that every occurrence refers to: fewer elements. Where that would
// cost more bytes than it is worth, it refers to its glyphs.
function draw(svg, { glyphs, outlines, used }, count) {
  const outline = count > 1 && onePath(adaptor, svg, glyphs);
  if (!outline || outline.length > BYTES_AN_OCCURRENCE * count) {
    for (const use of adaptor.tags(svg, 'use')) used.add(adaptor.getAttribute(use, 'href').slice(1));
    return;
  }
  const id = `formula-${outlines.length + 1}`;
  outlines.push(`<path id="${id}" d="${outline}"/>`);
  for (const child of [...adaptor.childNodes(svg)]) adaptor.remove(child);
  adaptor.append(svg, adaptor.node('use', { href: `#${id}` }));
}

// The same picture from fewer nodes: groups that do nothing go, a group around one glyph gives it its transform.
function slim(node) {
  const kind = adaptor.kind(node);
  if (kind === 'text') throw new Error('a character that TeX\'s fonts do not have; write it as a command');
  if (!ELEMENTS.has(kind)) throw new Error(`it would put <${kind}> on the page; leave that command out`);
  for (const { name } of adaptor.allAttributes(node)) if (DROPPED.test(name)) adaptor.removeAttribute(node, name);
  rename(node, 'xlink:href', 'href');
  for (const child of [...adaptor.childNodes(node)]) replace(child, slim(child));
  return node;
}

function replace(old, node) {
  const parent = adaptor.parent(old);
  if (adaptor.kind(node) !== 'g') return;
  const children = adaptor.childNodes(node);
  const attributes = adaptor.allAttributes(node).map(({ name }) => name);
  if (attributes.length === 0 || children.length === 0) {
    for (const child of [...children]) adaptor.insert(child, node);
    adaptor.remove(node);
  } else if (children.length === 1 && adaptor.kind(children[0]) === 'use' && attributes.join() === 'transform') {
    const inner = adaptor.getAttribute(children[0], 'transform');
    const outer = adaptor.getAttribute(node, 'transform');
    adaptor.setAttribute(children[0], 'transform', inner ? `${outer} ${inner}` : outer);
    adaptor.replace(children[0], node);
  }
}

function rename(node, from, to) {
  if (!adaptor.hasAttribute(node, from)) return;
  adaptor.setAttribute(node, to, adaptor.getAttribute(node, from));
  adaptor.removeAttribute(node, from);
}
