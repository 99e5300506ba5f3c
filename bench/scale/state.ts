// node --import tsx bench/scale/state.ts DIRECTORY: 500 runs, 500 surveys and the versions of volumes, 100,000 records of each, as the product itself writes them, and an inventory.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { createFileStore } from '../../src/records/file-store.ts';
import { VersionRecords } from '../../src/records/records.ts';
import { openJournal } from '../../src/run/journal/journal.ts';
import { createRun, journalPath } from '../../src/run/journal/run-store.ts';
import { totalsAtEnd } from '../../src/run/journal/run-totals.ts';
import { keepSurvey } from '../../src/run/surveying/survey-store.ts';
import type { KeptSurvey } from '../../src/survey/kept-survey.ts';
import { hostNames, journalRecords } from './generate.ts';

const [root = ''] = process.argv.slice(2);
const state = join(root, 'plimsoll');
const never = new AbortController().signal;
const runs = 500;
/** 22 hosts of four changes: 200 records a run. */
const [hostsOfRun, changesOfRun] = [22, 4];
/** 20 hosts of ten figures: 200 a survey. */
const [hostsOfSurvey, figuresOfHost] = [20, 10];
/** 1,000 hosts, 20 volumes on each, five versions of each. */
const [hostsOfRecords, volumes, versions] = [1000, 20, 5];
const dayMs = 86_400_000;

for (let run = 0; run < runs; run += 1) {
  const id = `202611${String(1 + (run % 28)).padStart(2, '0')}-${String(100_000 + run)}-${run.toString(16).padStart(6, '0')}`;
  const directory = await createRun(state, id, '{}');
  const journal = await openJournal(journalPath({ directory }));
  await Promise.all(
    [...journalRecords(hostNames(hostsOfRun), { id, changes: changesOfRun })].map((record) => journal.append(record)),
  );
  await journal.close();
  await totalsAtEnd({ runId: id, directory });
}

// One a day, and many of the last two days: all of these are kept.
const now = Date.now();
const ages = [
  ...Array.from({ length: 380 }, (_, day) => (382 - day) * dayMs),
  ...Array.from({ length: runs - 380 }, (_, each) => (runs - 380 - each) * 1_000_000),
];
for (const [number, age] of ages.entries()) {
  const at = new Date(now - age).toISOString();
  const hosts: KeptSurvey['hosts'] = Object.fromEntries(
    hostNames(hostsOfSurvey).map((host) => [
      host,
      {
        figures: Object.fromEntries(
          Array.from({ length: figuresOfHost }, (_, figure) => [`volume:data-${String(figure)}`, [number * 1e6, 1e12]]),
        ),
        volumes: Object.fromEntries(
          Array.from({ length: figuresOfHost }, (_, figure) => [`data-${String(figure)}`, at]),
        ),
      },
    ]),
  );
  await keepSurvey(state, { v: 1, at, hosts });
}

const records = new VersionRecords(createFileStore(join(state, 'records')));
const limit = pLimit(16);
await Promise.all(
  hostNames(hostsOfRecords).flatMap((host) =>
    Array.from({ length: volumes * versions }, (_, index) =>
      limit(() => {
        const version = 1 + (index % versions);
        const name = `data-${String(Math.floor(index / versions))}`;
        return records.write(
          {
            v: 1,
            kind: 'volume',
            host,
            name,
            version,
            spec: { name: `${name}-${String(version)}`, sizeBytes: version * 1024 ** 3, driver: 'local', options: {} },
            state: version === versions ? 'current' : 'replaced',
            run: '20261101-100000-000000',
            who: 'ann@laptop',
            at: new Date(now).toISOString(),
          },
          never,
        );
      }),
    ),
  ),
);
writeFileSync(join(root, 'inventory.yaml'), 'hosts:\n  web-00001: { address: 127.0.0.1, port: 1, user: root }\n');
