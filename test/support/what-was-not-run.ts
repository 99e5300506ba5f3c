/** Says at the end of `npm test` what it leaves out, and the commands that run it. */
export function teardown(): void {
  process.stdout.write(
    [
      '',
      'Not part of npm test: fault injection (test/faults), which takes a quarter of an hour:',
      '  npm run test:faults',
      'and real sshd, sudo, Docker and devicemapper (test/lab). With Debian and root:',
      '  npm run lab:setup && npm run test:lab',
      '',
    ].join('\n'),
  );
}
