// Loaded into the program whose journal is counted: how often it asks for the disk, as its own code says, how long it
// waits for it, and the processor time that it takes by itself. Written as JSON, at the end, to the file that the
// environment names.
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

export const calls = { datasync: 0, sync: 0 };
let waitedMs = 0;

const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of Object.keys(calls)) {
  const original = prototype[name];
  prototype[name] = async function counted(...args) {
    calls[name] += 1;
    const started = performance.now();
    try {
      return await original.apply(this, args);
    } finally {
      waitedMs += performance.now() - started;
    }
  };
}

const file = process.env['PLIMSOLL_BENCH_OBSERVED'];
if (file !== undefined) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    writeFileSync(
      file,
      JSON.stringify({ ...calls, waitedSeconds: waitedMs / 1000, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }),
    );
  });
}
