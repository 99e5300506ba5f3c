import type { TestProject } from 'vitest/node';
import { needNames, needs } from './needs.ts';

let project: TestProject | undefined;

export function setup(given: TestProject): void {
  project = given;
}

/** Says at the end of `npm test` what it has left out, why, and the commands that run it. */
export function teardown(): void {
  process.stdout.write(
    [
      ...skipped(),
      '',
      'Not part of npm test: fault injection (test/faults), which takes some minutes:',
      '  npm run test:faults',
      'and real sshd, sudo, Docker and devicemapper (test/lab). With Debian and root:',
      '  npm run lab:setup && npm run test:lab',
      '',
    ].join('\n'),
  );
}

/** The tests that need something that is not here; one that needs two such things is listed with both. */
function skipped(): readonly string[] {
  if (project === undefined) return [];
  const { state, config } = project.vitest;
  const tests = state.getTestModules().flatMap(({ children }) => [...children.allTests('skipped')]);
  const missing = needNames.filter((name) => config.tags.find((tag) => tag.name === name)?.skip === true);
  return missing.flatMap((name) => {
    const all = tests.filter(({ tags }) => tags.includes(name));
    if (all.length === 0) return [];
    const files = [...new Set(all.map(({ module }) => module.relativeModuleId))];
    const { what, broughtBy } = needs[name];
    return [`\nSkipped, because there is no ${what}: ${String(all.length)} in ${files.join(', ')}`, `  ${broughtBy}`];
  });
}
