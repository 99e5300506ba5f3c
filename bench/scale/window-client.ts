// node --import tsx bench/scale/window-client.ts KIND HOSTS SECONDS FILE: shows a generated run, spread evenly over the time, and writes into FILE what the processor was needed for.
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { processWorld } from '../../src/cli/world.ts';
import { createRenderer } from '../../src/render/progress/choose.ts';
import { eventsOf, hostNames } from './generate.ts';

const [kind = '', hosts = '', seconds = '', file = ''] = process.argv.slice(2);
const events = [...eventsOf(hostNames(Number(hosts)))];
const { out } = processWorld(new Interrupts());
const renderer =
  kind === 'live' || kind === 'plain' || kind === 'json' ? createRenderer(kind, out, { verbose: false }) : undefined;
await wait(1000);
const before = process.cpuUsage();
const began = performance.now();
let sent = 0;
while (sent < events.length) {
  await wait(10);
  const due = Math.min(
    events.length,
    Math.ceil(((performance.now() - began) / (1000 * Number(seconds))) * events.length),
  );
  for (; sent < due; sent += 1) {
    const event = events[sent];
    if (event !== undefined) renderer?.event(event);
  }
}
const { user, system } = process.cpuUsage(before);
const ms = performance.now() - began;
renderer?.close();
writeFileSync(file, JSON.stringify({ cpuMs: (user + system) / 1000, ms }));
