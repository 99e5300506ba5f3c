import { readFile } from 'node:fs/promises';

/** A program that does something that is not to be done twice, and takes its time. */
export const once = (file: string): readonly string[] => [
  '/bin/sh',
  '-c',
  'echo begun >>"$1"; sleep 0.4; echo "it says é"; echo ended >>"$1"',
  'sh',
  file,
];

export const onceOnly = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === 'begun\nended\n' ? [] : [`${file} was to be written once, and holds ${JSON.stringify(text)}`];
};

export const onceAtMost = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8').catch(() => '')) === '' ? [] : onceOnly(file);
