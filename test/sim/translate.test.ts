import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeadLines, Unlead, lead } from '../../lab/sim/translate.ts';

const root = '/tmp/fleet/0/root';
const places = { root, withoutDocker: false };

/** Everything that comes out when these chunks go in. */
async function through(stream: LeadLines | Unlead, chunks: readonly Buffer[]): Promise<Buffer> {
  const out: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => out.push(chunk));
  const ended = new Promise((resolve) => stream.once('end', resolve));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
  return Buffer.concat(out);
}

function cut(data: Buffer, at: readonly number[]): readonly Buffer[] {
  const places = [0, ...at.map((place) => place % (data.length + 1)).sort((a, b) => a - b), data.length];
  return places.slice(1).map((end, index) => data.subarray(places[index], end));
}

describe('paths of a simulated host', () => {
  it.each([
    ['device=/dev/mapper/$1', `device=${root}/dev/mapper/$1`],
    ['ls /dev/mapper', `ls ${root}/dev/mapper`],
    ["mkdir -p '/var/lib/plimsoll/mnt/x'", `mkdir -p '${root}/var/lib/plimsoll/mnt/x'`],
    ['cat /run/docker.pid /var/run/docker.pid', `cat ${root}/run/docker.pid ${root}/var/run/docker.pid`],
    ['done <"/proc/$2/mountinfo"', `done <"${root}/proc/$2/mountinfo"`],
    ['"/proc/${dockerd:-0}/stat"', `"${root}/proc/\${dockerd:-0}/stat"`],
    ['/proc/9000000001/root/', `${root}/proc/9000000001/root/`],
    ['[ -b "$device" ]', '[ -e "$device" ]'],
    ["sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status", `sed -n 's/^CapEff:[^0-9a-f]*//p' ${root}/proc/self/status`],
  ])('%s is led below its root', (text, expected) => {
    expect(lead(text, places)).toBe(expected);
  });

  it.each([
    '/dev/null',
    '/proc/[0-9]*/stat',
    '/proc/self/status',
    '/usr/var/lib/docker',
    '/var/lib/dockerish',
    '/proc/123/root/',
  ])('%s stays what it is', (text) => {
    expect(lead(text, places)).toBe(text);
  });

  it('leads wherever the stream is cut, and gives the host its own names back', async () => {
    const text = `x=/dev/mapper/a\ncat '/var/lib/docker/x' ${'é'.repeat(3)}\nno end /var/lib/plimsoll`;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(200), { maxLength: 6 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        async (first, second) => {
          const led = await through(new LeadLines(places), cut(Buffer.from(text), first));
          expect(led.toString()).toBe(lead(text, places));
          const back = await through(new Unlead(root), cut(led, second));
          expect(back.toString()).toBe(text);
        },
      ),
    );
  });

  it('leaves bulk data alone after the first line', async () => {
    const bulk = Buffer.from([0, 255, 10, 47, 100, 101, 118, 47, 109, 97, 112, 112, 101, 114, 47, 120]);
    const out = await through(new LeadLines(places, 1), [Buffer.concat([Buffer.from('cat /dev/mapper/x\n'), bulk])]);
    expect(out).toEqual(Buffer.concat([Buffer.from(`cat ${root}/dev/mapper/x\n`), bulk]));
  });
});
