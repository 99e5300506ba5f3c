// node --import tsx bench/scale/cost.ts PART HOSTS: the processor's milliseconds that one part takes for so many hosts, the least of several rounds.
import { parts } from './parts.ts';

const [index = '', hosts = ''] = process.argv.slice(2);
const part = parts[Number(index)];
if (part === undefined) throw new Error(`there is no part ${index}`);
const work = await part.prepare(Number(hosts));
const longestMs = 500;
let least = Infinity;
let all = 0;
for (let round = 0; round === 0 || (all < longestMs && round < 20); round += 1) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  least = Math.min(least, (user + system) / 1000);
  all += (user + system) / 1000;
}
process.stdout.write(`${JSON.stringify({ name: part.name, ms: least })}\n`);
process.exit();
