import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from '../../src/config/load.ts';
import { operations } from '../../src/operations/registry.ts';
import type { PlanFile } from '../../src/plan/plan-file.ts';
import { parsePlanFile, planFileText } from '../../src/plan/plan-file.ts';
import { createFileStore } from '../../src/records/file-store.ts';
import { VersionRecords } from '../../src/records/records.ts';
import { paint } from '../../src/render/line.ts';
import { planView } from '../../src/render/plan/plan-view.ts';
import { jsonRenderer } from '../../src/render/progress/json.ts';
import { LiveRenderer } from '../../src/render/progress/live.ts';
import { PlainRenderer } from '../../src/render/progress/plain.ts';
import { recapView } from '../../src/render/recap/recap-view.ts';
import { runView } from '../../src/render/recap/runs-view.ts';
import type { Screen } from '../../src/render/renderer.ts';
import { nothingBefore } from '../../src/run/journal/basis.ts';
import { basisOf, historyOf } from '../../src/run/journal/history.ts';
import { openJournal } from '../../src/run/journal/journal.ts';
import { readJournal } from '../../src/run/journal/read-journal.ts';
import { RunRecords } from '../../src/run/journal/run-records.ts';
import { detailsOf } from '../../src/run/journal/run-summary.ts';
import { readPrograms } from '../../src/run/planning/read-programs.ts';
import { laptopAt } from '../../src/run/reach/laptop.ts';
import { run } from '../../src/run/run.ts';
import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import { laptop } from '../../test/config/io.ts';
import { eventsOf, hostNames, journalRecords, planOf, resultOf, runId, steps } from './generate.ts';

/** A part of the program that no host and no network is needed for, at work for so many hosts. */
export interface Part {
  readonly name: string;
  /** Makes what it works on, which is not counted, and what is. */
  readonly prepare: (hosts: number) => Promise<() => unknown> | (() => unknown);
}

const never = new AbortController().signal;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const nowhere: Screen = { write: () => undefined, isTerminal: true, columns: 120, rows: 40, colour: true };

export const parts: readonly Part[] = [
  { name: 'read the playbook and its hosts’ programs', prepare: (hosts) => load(hosts) },
  { name: `plan ${String(steps)} steps, over hosts in memory`, prepare: planning },
  {
    name: 'fold and show the preview',
    prepare: (hosts) => {
      const plan = planOf(hosts);
      return () => paint(planView(plan, { verbose: false, mode: 'apply', runId }), true);
    },
  },
  {
    name: 'the same with -v',
    prepare: (hosts) => {
      const plan = planOf(hosts);
      return () => paint(planView(plan, { verbose: true, mode: 'apply', runId }), true);
    },
  },
  {
    name: 'write the plan’s file',
    prepare: (hosts) => {
      const file = planFile(hosts);
      return () => planFileText(file, sha256);
    },
  },
  {
    name: 'read it',
    prepare: (hosts) => {
      const text = planFileText(planFile(hosts), sha256);
      return () => parsePlanFile(text, 'plan.json', sha256);
    },
  },
  {
    name: 'recap',
    prepare: (hosts) => {
      const result = resultOf(hosts);
      return () => paint(recapView(result, { verbose: false, planShown: true }), true);
    },
  },
  {
    name: 'events as plain lines',
    prepare: (hosts) => show(hosts, () => new PlainRenderer(nowhere, { verbose: false })),
  },
  { name: 'events as JSON', prepare: (hosts) => show(hosts, () => jsonRenderer(nowhere)) },
  {
    name: 'events for the window',
    prepare: (hosts) => show(hosts, () => new LiveRenderer(nowhere, { verbose: false })),
  },
  { name: 'write the journal', prepare: writeJournal },
  { name: 'read the journal', prepare: (hosts) => withJournal(hosts, (path) => readJournal(path)) },
  {
    name: 'what a journal tells, and show it',
    prepare: (hosts) => {
      const records = [...journalRecords(hostNames(hosts))];
      return () =>
        paint(runView(detailsOf({ runId, directory: '/' }, historyOf(records), undefined), { verbose: false }), true);
    },
  },
  {
    name: 'settle what each host was cut in, for a resume',
    prepare: (hosts) => {
      const history = historyOf([...journalRecords(hostNames(hosts), { cut: true })]);
      const basis = basisOf(history, planFile(hosts));
      return () => {
        for (const { host, open } of history.hosts)
          basis.knowing(
            open.map(({ at, step, number, actions, change }) => ({
              type: 'outcome',
              at,
              host,
              step,
              number,
              actions,
              summary: change.summary,
            })),
          );
      };
    },
  },
];

function planFile(hosts: number): PlanFile {
  return {
    playbook: { file: 'grow.yaml', sha256: sha256('text'), text: 'text' },
    inputs: { inventory: ['i'], tags: [], skipTags: [], vars: {} },
    hosts: planOf(hosts).hosts,
  };
}

function show(hosts: number, make: () => ReturnType<typeof jsonRenderer>): () => void {
  const events = [...eventsOf(hostNames(hosts))];
  return () => {
    const renderer = make();
    for (const event of events) renderer.event(event);
    renderer.close();
  };
}

function writeJournal(hosts: number): () => Promise<void> {
  const records = [...journalRecords(hostNames(hosts))];
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-scale-'));
    const journal = await openJournal(join(directory, 'journal.jsonl'));
    // A host has one record on its way at a time, and all hosts are at work.
    for (let begin = 0; begin < records.length; begin += hosts)
      await Promise.all(records.slice(begin, begin + hosts).map((record) => journal.append(record)));
    await journal.close();
    rmSync(directory, { recursive: true });
  };
}

function withJournal(hosts: number, use: (path: string) => Promise<unknown>): () => Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-scale-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true, force: true });
  });
  const path = join(directory, 'journal.jsonl');
  const file = openSync(path, 'w');
  for (const record of journalRecords(hostNames(hosts))) writeSync(file, `${JSON.stringify(record)}\n`);
  closeSync(file);
  return () => use(path);
}

function fleet(hosts: number, readOnly: boolean) {
  const inventory = `hosts:\n${hostNames(hosts)
    .map((host) => `  ${host}: { user: root, become: false }\n`)
    .join('')}`;
  const playbook = `- hosts: all\n  steps:\n${Array.from(
    { length: steps },
    (_, index) => `    - command: { argv: [touch, /tmp/${String(index)}]${readOnly ? ', read_only: true' : ''} }\n`,
  ).join('')}`;
  return {
    request: { inventoryFiles: ['i'], playbookFile: 'p', registry: operations },
    files: { i: inventory, p: playbook },
  };
}

/** With the reading of the inventory, of which bench/results has a table of its own, outside. */
async function load(hosts: number): Promise<() => unknown> {
  const { request, files } = fleet(hosts, true);
  const { plays } = await loadAll(request, laptop({ files }));
  return () => readPrograms(plays, { extraVars: {}, operations, basis: nothingBefore });
}

async function planning(hosts: number): Promise<() => Promise<unknown>> {
  const { request, files } = fleet(hosts, false);
  const { plays } = await loadAll(request, laptop({ files }));
  const transport = createMemoryTransport({
    hosts: Object.fromEntries(hostNames(hosts).map((host) => [host, () => ({})])),
  });
  return () =>
    run({
      runId,
      mode: 'plan',
      part: 0,
      playbook: 'p',
      plays,
      extraVars: {},
      operations,
      transport,
      laptop: laptopAt('/'),
      basis: nothingBefore,
      lock: { holder: { run: runId, by: 'ann@laptop', reason: 'plan', since: '' }, waitMs: 0 },
      reconnectMs: 1000,
      forks: 50,
      signal: never,
      detach: never,
      emit: () => undefined,
      openJournal: () => Promise.reject(new Error('a plan has no journal')),
      records: new RunRecords({
        records: new VersionRecords(createFileStore('/nonexistent')),
        runId,
        who: 'ann@laptop',
        mode: 'plan',
        earlier: [],
        signal: never,
      }),
      mayRead: [],
      review: () => Promise.resolve(true),
      exitCodeForPending: 0,
    });
}
