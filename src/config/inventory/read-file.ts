import type { ConfigIssue } from '../../errors.ts';
import { whyUnreadable, type ConfigIo } from '../model/io.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';

/** Something read, or everything that is wrong with it. */
export interface Read<Value> {
  readonly value?: Value;
  readonly issues: readonly ConfigIssue[];
}

export async function readYamlFile(file: string, io: Pick<ConfigIo, 'readFile'>): Promise<Read<YamlFile>> {
  const read = await readBytes(file, io);
  if (read.value === undefined) return { issues: read.issues };
  const { yaml, issues } = parseYaml(file, read.value);
  return yaml === undefined ? { issues } : { value: yaml, issues };
}

async function readBytes(file: string, io: Pick<ConfigIo, 'readFile'>): Promise<Read<Uint8Array>> {
  try {
    return { value: await io.readFile(file), issues: [] };
  } catch (thrown) {
    return { issues: [{ file, message: `the file cannot be read: ${whyUnreadable(thrown)}` }] };
  }
}
