// A typeset formula as the data of one path: its glyphs and bars, moved and scaled to where they stand.

// Returns '' for a drawing that is more than glyphs and bars (a dashed line, a piece that is clipped).
export function onePath(adaptor, svg, glyphs) {
  const outlines = new Map(adaptor.childNodes(glyphs).map((glyph) => [adaptor.getAttribute(glyph, 'id'), adaptor.getAttribute(glyph, 'd')]));
  const pieces = [];
  return adaptor.childNodes(svg).every((child) => collect(child, [1, 1, 0, 0])) ? pieces.join('') : '';

  function collect(node, outer) {
    const place = within(outer, adaptor.getAttribute(node, 'transform') ?? '');
    if (!place) return false;
    switch (adaptor.kind(node)) {
      case 'g': return adaptor.childNodes(node).every((child) => collect(child, place));
      case 'use': return add(outlines.get(adaptor.getAttribute(node, 'href').slice(1)), place);
      case 'rect': return add(bar(adaptor, node), place);
      default: return false;
    }
  }

  function add(data, place) {
    const moved = data !== undefined && moveTo(data, place);
    if (moved) pieces.push(moved);
    return Boolean(moved) || data === '';
  }
}

function bar(adaptor, rect) {
  if (adaptor.getAttribute(rect, 'data-frame')) return undefined;
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(adaptor.getAttribute(rect, name) ?? 0));
  return `M${x} ${y}V${y + height}H${x + width}V${y}Z`; // clockwise like a glyph, so that overlapping pieces add up
}

// A scale in x and y and a shift, within another; undefined for what is neither.
function within([a, d, e, f], transform) {
  for (const [whole, kind, list] of transform.matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [x, y] = list.split(/[\s,]+/).map(Number);
    if (kind === 'translate') [e, f] = [e + a * x, f + d * (y ?? 0)];
    else if (kind === 'scale') [a, d] = [a * x, d * (y ?? x)];
    else return undefined;
    transform = transform.replace(whole, '');
  }
  return transform.trim() ? undefined : [a, d, e, f];
}

// The data of a glyph where it stands, in relative coordinates, which compress better.
export function relative(data) {
  return moveTo(data, [1, 1, 0, 0]) ?? data;
}

// Absolute data of a glyph as relative data at another place, in whole thousandths of an em. A glyph in the same size
// gives the same words wherever it stands, which compresses well.
function moveTo(data, [a, d, e, f]) {
  const words = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  for (const [, command, list] of data.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const size = { M: 2, L: 2, H: 1, V: 1, Q: 4, T: 2, Z: 0 }[command];
    if (size === undefined) return undefined;
    if (command === 'Z') {
      [x, y] = [startX, startY];
      words.push('z');
    }
    const numbers = (list.match(/-?[\d.]+/g) ?? []).map(Number);
    for (let from = 0; from < numbers.length; from += size) {
      const isY = (index) => command === 'V' || (command !== 'H' && index % 2 === 1);
      const ends = numbers.slice(from, from + size).map((number, index) => (
        isY(index) ? Math.round(d * number) + Math.round(f) : Math.round(a * number) + Math.round(e)));
      const steps = ends.map((end, index) => end - (isY(index) ? y : x));
      if (command !== 'V') x = ends.at(command === 'H' ? -1 : -2);
      if (command !== 'H') y = ends.at(-1);
      if (command === 'M') [startX, startY] = [x, y];
      words.push(command === 'M' ? `M${compact(ends)}` : command.toLowerCase() + compact(steps));
    }
  }
  return words.join('');
}

function compact(numbers) {
  return numbers.map((number, index) => (index && number >= 0 ? ` ${number}` : `${number}`)).join('');
}
