// lab: 600 s, lab/sim/calls.ts src/facts/
import { describe, expect, it } from 'vitest';
import { calls, kinds } from '../../../lab/sim/calls.ts';
import { comparable } from '../../../lab/sim/transcripts/normalise.ts';
import { record } from '../../../lab/sim/transcripts/record.ts';
import { missing } from '../../../lab/vm/machine.ts';
import { recorded } from '../../sim/transcripts.ts';

const lacking = missing();

/** The simulated fleet is held to these transcripts (test/sim/fidelity.test.ts), and they to the machines of today. */
describe.skipIf(lacking !== undefined)(lacking ?? 'the transcripts of the virtual machines', () => {
  it.each(kinds)('%s prints what was recorded', async (kind) => {
    const [now, then] = [await record(kind), await recorded(kind)];
    expect(
      then.answers.map(({ name }) => name),
      'record anew: npx tsx lab/sim/transcripts/record.ts',
    ).toEqual(calls[kind].map(({ name }) => name));
    expect(now.answers.map(comparable)).toEqual(then.answers.map(comparable));
  });
});
