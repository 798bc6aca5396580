// The data of a glyph's path in relative coordinates, which compress better than the absolute ones of the fonts.

export function relative(data) {
  const words = [];
  let [x, y, startX, startY] = [0, 0, 0, 0];
  for (const [, command, list] of data.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const size = { M: 2, L: 2, H: 1, V: 1, Q: 4, T: 2, Z: 0 }[command];
    if (size === undefined) return data;
    if (command === "Z") {
      [x, y] = [startX, startY];
      words.push("z");
    }
    const numbers = (list.match(/-?[\d.]+/g) ?? []).map(Number);
    for (let from = 0; from < numbers.length; from += size) {
      const isY = (index) => command === "V" || (command !== "H" && index % 2 === 1);
      const ends = numbers.slice(from, from + size);
      const steps = ends.map((end, index) => end - (isY(index) ? y : x));
      if (command !== "V") x = ends.at(command === "H" ? -1 : -2);
      if (command !== "H") y = ends.at(-1);
      if (command === "M") [startX, startY] = [x, y];
      words.push(command === "M" ? `M${compact(ends)}` : command.toLowerCase() + compact(steps));
    }
  }
  return words.join("");
}

function compact(numbers) {
  return numbers.map((number, index) => (index && number >= 0 ? ` ${number}` : `${number}`)).join("");
}
