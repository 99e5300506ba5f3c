import { beforeAll, describe, expect, it } from 'vitest';
import { askedFacts } from '../../lab/sim/transcripts/asked-facts.ts';
import { calls, kinds } from '../../lab/sim/calls.ts';
import { comparable, shape } from '../../lab/sim/transcripts/normalise.ts';
import type { Answer, Transcript } from '../../lab/sim/transcripts/transcribe.ts';
import { transcribeTwin } from '../../lab/sim/transcripts/twin.ts';
import { recorded } from './transcripts.ts';

const printed = ({ status, stdout, stderr }: Answer): { status: number; stdout: string; stderr: string } => ({
  status: status ?? -1,
  stdout,
  stderr,
});

describe.each(kinds)('a simulated %s answers as the virtual machine does', (kind) => {
  let real: Transcript;
  let simulated: Transcript;
  beforeAll(async () => {
    [real, simulated] = await Promise.all([recorded(kind), transcribeTwin(kind)]);
  });

  it('was asked what is asked today', () => {
    expect(
      real.answers.map(({ name }) => name),
      'record anew: npx tsx lab/sim/transcripts/record.ts',
    ).toEqual(calls[kind].map(({ name }) => name));
  });

  it.each(calls[kind].map(({ name }) => ({ name })))('$name', ({ name }) => {
    const [theirs, ours] = [real, simulated].map(({ answers }) => answers.find((answer) => answer.name === name));
    if (theirs === undefined || ours === undefined) throw new Error('not asked');
    expect(comparable(ours)).toEqual(comparable(theirs));
  });

  it.each(askedFacts(kind).map(({ fact, args }, index) => ({ name: `${fact.name} ${args}`, fact, index })))(
    'fact $name has the same shape',
    ({ fact, index }) => {
      const [theirs, ours] = [real.facts[index], simulated.facts[index]];
      if (theirs === undefined || ours === undefined) throw new Error('not asked');
      const read = (transcript: Transcript, answer: Answer): unknown =>
        fact.parse(printed(answer), argsOf(fact.name, transcript));
      expect(shape(read(simulated, ours))).toEqual(shape(read(real, theirs)));
    },
  );
});

/** The arguments that a parser itself looks at. */
function argsOf(name: string, { variables }: Transcript): readonly string[] {
  const value = (key: string): string => variables[key] ?? '';
  if (name === 'thin-rootfs') return [value('N'), `${value('R')}/devicemapper/metadata/${value('H')}`, value('PID')];
  if (name === 'thin-superblock') return [value('P'), value('ID')];
  if (name === 'loop-pool') return ['7:0', '7:1'];
  if (name === 'lvm-pool') return ['docker', 'thinpool'];
  if (name === 'overlay-quota') return [value('L'), value('R')];
  return name === 'file-system' ? [`/dev/mapper/${value('N')}`, value('PID')] : [];
}
