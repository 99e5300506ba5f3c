import { dirname, isAbsolute, join } from 'node:path';
import { expandHome, type ConfigIo } from '../model/io.ts';
import type { YamlFile } from '../yaml/yaml.ts';

/** Relative to the file that says it, so that an inventory works from any directory. */
export function resolvePath(file: string, { source }: YamlFile, io: ConfigIo): string {
  const path = expandHome(file, io);
  return isAbsolute(path) ? path : join(dirname(source.file), path);
}
