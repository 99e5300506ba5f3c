import { createFileStore } from '../../src/records/file-store.ts';

/** Prints the keys that this process was the first to create. */
const [directory = '', keys = '0'] = process.argv.slice(2);
const store = createFileStore(directory);
const never = new AbortController().signal;
for (let key = 1; key <= Number(keys); key += 1) {
  if (await store.createIfAbsent(`plimsoll/h/volume/v/${String(key).padStart(8, '0')}`, { pid: process.pid }, never))
    process.stdout.write(`${String(key)}\n`);
}
