// The index of these pages, given one by one: from a folder Pagefind takes them as the file system lists them, which
// decides its bytes. Reads {pages: [[name, html]], target} from standard input.

import { readFileSync } from "node:fs";
import { close, createIndex } from "pagefind";

const { pages, target } = JSON.parse(readFileSync(0, "utf8"));
const { index } = await createIndex();
for (const [sourcePath, content] of pages) await index.addHTMLFile({ sourcePath, content });
const { errors } = await index.writeFiles({ outputPath: target });
await close();
if (errors.length) throw new Error(errors.join("; "));
