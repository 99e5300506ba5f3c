/** Says at the end of `npm test` what only the lab can test, and the command that provides it. */
export function teardown(): void {
  process.stdout.write('\nNot part of npm test: real sshd, sudo, Docker and devicemapper (test/lab). With Debian and root:\n  npm run lab:setup && npm run test:lab\n');
}
