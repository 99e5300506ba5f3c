import { describe, expect, it } from 'vitest';
import { ioLogWarning } from '../../../src/transport/privilege/io-log.ts';

const rights = (defaults: string, rule = '(ALL) NOPASSWD: ALL'): string =>
  `Matching Defaults entries for ops on vm:\n    env_reset, mail_badpass,\n    secure_path=/usr/local/sbin\\:/usr/sbin,\n    ${defaults}\n\nUser ops may run the following commands on vm:\n    ${rule}\n`;

describe('what sudo keeps of a session', () => {
  it.each([
    ['use_pty', undefined, undefined],
    ['log_output, !log_output', undefined, undefined],
    [
      'use_pty, log_output',
      undefined,
      /what it is answered in \/var\/log\/sudo-io \(log_output\).*Defaults:ops !log_output$/,
    ],
    ['log_input, iolog_dir=/srv/io', undefined, /what plimsoll sends in \/srv\/io \(log_input\).*secrets.*!log_input$/],
    ['log_stdin, log_stdout', undefined, /sends and what it is answered.*!log_input, !log_output$/],
    ['use_pty', '(ALL) NOPASSWD: LOG_OUTPUT: ALL', /LOG_OUTPUT: of the rule is to be taken out$/],
  ])('%s %s', (defaults, rule, expected) => {
    const warning = ioLogWarning('ops', rights(defaults, rule));
    if (expected === undefined) expect(warning).toBeUndefined();
    else expect(warning).toMatch(expected);
  });

  it('nothing is said of what says nothing', () => {
    expect(ioLogWarning('ops', '')).toBeUndefined();
  });
});
