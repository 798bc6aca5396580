// The index of these pages, given one by one: from a folder Pagefind takes them as the file system lists them, which
// decides its bytes. Reads {pages: [[name, html]], target} from standard input.

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

async function make({ pages, target }) {
  const { index } = await createIndex();
  for (const [sourcePath, content] of pages) await index.addHTMLFile({ sourcePath, content });
  const { errors } = await index.writeFiles({ outputPath: target });
  await close();
  return errors.join("; ");
}

make(JSON.parse(readFileSync(0, "utf8"))).then(
  (errors) => (failure = errors),
  (error) => (failure = error.message),
);
