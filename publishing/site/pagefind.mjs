// The index of these pages, given one by one: from a folder Pagefind takes them as the file system lists them, which
// decides its bytes. Loads, and reads {pages: [[name, html]], target} from standard input when they are ready.

import { readFileSync } from "node:fs";
import { close, createIndex } from "pagefind";

// Where Pagefind's program ends, its package throws this, or waits for it until Node has nothing left to do and ends.
let failure = "Pagefind backend closed";
console.error = () => {}; // by which the package says the same
process.on("exit", () => {
  if (!failure) return;
  process.stderr.write(failure);
  process.exitCode = 1;
});

async function make() {
  const { index } = await done(createIndex());
  const { pages, target } = JSON.parse(readFileSync(0, "utf8"));
  for (const [sourcePath, content] of pages) await done(index.addHTMLFile({ sourcePath, content }));
  await done(index.writeFiles({ outputPath: target }));
  await close();
}

async function done(asked) {
  const answer = await asked;
  if (answer.errors.length) throw answer.errors.join("; ");
  return answer;
}

make().then(
  () => (failure = ""),
  (error) => (failure = String(error.message ?? error) || failure),
);
