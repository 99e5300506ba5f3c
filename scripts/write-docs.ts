// npm run docs: docs/operations.md and docs/operations/, out of the operations and the texts beside their sources.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { operationPages, pagesFolder } from './docs/pages.ts';

const root = new URL('../', import.meta.url);
const pages = await operationPages();
await mkdir(new URL(pagesFolder, root), { recursive: true });
for (const [path, text] of pages) await writeFile(new URL(path, root), text);
// Of an operation that is gone the page goes.
for (const name of await readdir(new URL(pagesFolder, root))) {
  if (!pages.has(`${pagesFolder}/${name}`)) await rm(new URL(`${pagesFolder}/${name}`, root));
}
