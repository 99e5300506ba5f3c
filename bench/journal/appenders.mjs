// Appends records to a new journal as fast as so many hosts can, each of which waits for its own record before its next.
// node appenders.mjs JOURNAL-MODULE NEW-FILE RECORDS-FILE APPENDERS APPENDS-OF-EACH
import { readFile } from 'node:fs/promises';
import { calls } from './observe.mjs';

const [module, file, recordsFile, appenders, each] = process.argv.slice(2);
const { openJournal } = await import(module);
const records = JSON.parse(await readFile(recordsFile, 'utf8'));
const journal = await openJournal(file);
const waits = [];

async function append(first, count) {
  for (let number = first; number < first + count; number += 1) {
    const started = performance.now();
    await journal.append(records[number % records.length]);
    waits.push(performance.now() - started);
  }
}

async function all(count) {
  await Promise.all(Array.from({ length: Number(appenders) }, (_, index) => append(index * Number(each), count)));
}

// Not timed: the code is compiled, and the file has its first blocks.
await all(Math.ceil(Number(each) / 10));
waits.length = 0;
calls.datasync = 0;
const started = performance.now();
await all(Number(each));
const seconds = (performance.now() - started) / 1000;
const commits = calls.datasync;
await journal.close();
waits.sort((a, b) => a - b);
const at = (share) => waits[Math.floor((waits.length - 1) * share)];
process.stdout.write(
  JSON.stringify({ appends: waits.length, seconds, commits, waitMs: { median: at(0.5), p99: at(0.99), max: at(1) } }),
);
