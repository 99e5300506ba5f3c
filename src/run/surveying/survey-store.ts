import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { whyUnreadable } from '../../config/model/io.ts';
import { AppError } from '../../errors.ts';
import type { KeptSurvey } from '../../survey/kept-survey.ts';
import { parseKept } from '../../survey/kept-survey.ts';
import { surplus, surveyName, surveyNames } from '../../survey/retention.ts';
import { parseJson } from '../../values/json.ts';
import { syncDirectory, writeSynced } from '../reach/durable-files.ts';

/** So many of the newest are read for what only the newest of each host can say. */
const few = 20;
/** How many files are read side by side. */
const atOnce = 8;

interface KeptSurveys {
  /** The newest first. */
  readonly surveys: readonly KeptSurvey[];
  /** Files that are no surveys, or of another version. */
  readonly unreadable: readonly string[];
}

function directoryOf(stateDirectory: string): string {
  return join(stateDirectory, 'surveys');
}

/** The surveys that were kept: all of them, or a few of the newest. */
export async function readSurveys(stateDirectory: string, all: boolean): Promise<KeptSurveys> {
  const directory = directoryOf(stateDirectory);
  const names = surveyNames(await namesIn(directory));
  const paths = (all ? names : names.slice(0, few)).map((name) => join(directory, name));
  const limit = pLimit(atOnce);
  const read = await Promise.all(
    paths.map((path) =>
      limit(async () => ({ path, survey: parseKept(parseJson(await readFile(path, 'utf8').catch(() => ''))) })),
    ),
  );
  return {
    surveys: read.flatMap(({ survey }) => survey ?? []),
    unreadable: read.flatMap(({ path, survey }) => (survey === undefined ? [path] : [])),
  };
}

/** Keeps one, whole or not at all, and then gives up those that need not be kept any longer. Errors: `usage`. */
export async function keepSurvey(stateDirectory: string, survey: KeptSurvey): Promise<void> {
  const directory = directoryOf(stateDirectory);
  const name = surveyName(new Date(survey.at), Object.keys(survey.hosts).length, randomBytes(3).toString('hex'));
  const unfinished = join(directory, `.${name}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeSynced(unfinished, JSON.stringify(survey));
    await rename(unfinished, join(directory, name));
    await syncDirectory(directory);
    for (const old of surplus(await namesIn(directory), new Date(survey.at)))
      await rm(join(directory, old), { force: true });
  } catch (thrown) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new AppError('usage', `the survey cannot be kept in ${directory}: ${whyUnreadable(thrown)}`, {
      hint: 'set XDG_STATE_HOME to a directory that you may write, or say --no-keep',
      cause: thrown,
    });
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw new AppError('usage', `the surveys in ${directory} cannot be listed: ${whyUnreadable(thrown)}`, {
      cause: thrown,
    });
  }
}
