import type { ConfigIssue } from '../../errors.ts';
import { fromAnsibleIni, fromAnsibleYaml, isAnsibleYaml } from './ansible.ts';
import { looksLikeIni } from './ansible-ini.ts';
import { whyUnreadable, type ConfigIo } from '../model/io.ts';
import { makeSource } from '../yaml/source.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { decode } from '../yaml/yaml-document.ts';

/** Something read, or everything that is wrong with it. */
export interface Read<Value> {
  readonly value?: Value;
  readonly issues: readonly ConfigIssue[];
}

/** One inventory file in any format that is read: our own, or Ansible's INI or YAML as the same value. */
export async function readInventoryFile(file: string, io: Pick<ConfigIo, 'readFile'>): Promise<Read<YamlFile>> {
  const read = await readBytes(file, io);
  if (read.value === undefined) return { issues: read.issues };
  const decoded = decode(file, read.value);
  if ('text' in decoded && looksLikeIni(file, decoded.text))
    return opened(fromAnsibleIni(makeSource(file, decoded.text)));
  const { yaml, issues } = parseYaml(file, read.value);
  if (yaml === undefined) return { issues };
  return isAnsibleYaml(yaml.value) ? opened(fromAnsibleYaml(yaml)) : { value: yaml, issues };
}

function opened({
  yaml,
  issues,
}: {
  readonly yaml: YamlFile;
  readonly issues: readonly ConfigIssue[];
}): Read<YamlFile> {
  return { value: yaml, issues };
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
