import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nodeConfigIo } from '../../src/config/node-io.ts';
import { readPlaybook } from '../../src/config/playbook/playbook.ts';
import { operations } from '../../src/operations/registry.ts';

const directory = fileURLToPath(new URL('../../playbooks', import.meta.url));
const files = (await readdir(directory)).filter((name) => name.endsWith('.yaml'));

describe('the playbooks that are shipped', () => {
  it('exist', () => {
    expect(files).toContain('grow-rootfs.yaml');
    expect(files).toContain('seed-procedure.yaml');
  });

  it.each(files)('%s is valid', async (file) => {
    expect((await readPlaybook(join(directory, file), operations, nodeConfigIo({}))).issues).toEqual([]);
  });
});
