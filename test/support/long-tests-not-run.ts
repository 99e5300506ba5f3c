/** Says at the end of `npm run test:lab` what it leaves out, and the command that runs it. */
export function teardown(): void {
  process.stdout.write('\nLeft out, because they take more than an hour: scale_volume and recreate_container on real Docker, pools grown with the daemon stopped, a growth during which sshd ends and the host restarts, and copies of 100,000 files:\n  PLIMSOLL_LAB=all npm run test:lab\n');
}
