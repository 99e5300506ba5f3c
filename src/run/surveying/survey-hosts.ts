import pLimit from 'p-limit';
import type { Host } from '../../config/model/types.ts';
import { hostStatusOf, neverReached, toAppError } from '../../errors.ts';
import type { HostSurvey } from '../../survey/host-survey.ts';
import { noSurvey } from '../../survey/host-survey.ts';
import type { LastUsed } from '../../survey/make-survey.ts';
import { makeSurvey } from '../../survey/make-survey.ts';
import type { SurveyWant } from '../../survey/needs.ts';
import { surveyNeeds } from '../../survey/needs.ts';
import type { Transport } from '../../transport/transport.ts';
import { FactBase, readFacts } from '../planning/fact-reader.ts';
import { laptopAt } from '../reach/laptop.ts';

export interface SurveyRequest {
  readonly hosts: readonly Host[];
  readonly transport: Transport;
  readonly forks: number;
  readonly want: SurveyWant;
  readonly lastUsed: (host: string) => LastUsed;
  readonly signal: AbortSignal;
  /** Told after each host. */
  readonly surveyed: (survey: HostSurvey) => void;
}

/** All hosts at once, each over one connection; what becomes of one does not matter to the others. In the order of the hosts. */
export async function surveyHosts(request: SurveyRequest): Promise<readonly HostSurvey[]> {
  const forks = pLimit(request.forks);
  return await Promise.all(
    request.hosts.map((host) =>
      forks(async () => {
        const survey = await surveyHost(request, host);
        request.surveyed(survey);
        return survey;
      }),
    ),
  );
}

async function surveyHost(
  { transport, want, lastUsed, signal }: SurveyRequest,
  { name, target }: Host,
): Promise<HostSurvey> {
  try {
    const connection = await transport.connect(target, signal);
    try {
      const base = new FactBase();
      await readFacts(connection, base, () => surveyNeeds(want, base), laptopAt('.'), signal);
      return makeSurvey(name, want, base, lastUsed(name));
    } finally {
      await connection.close();
    }
  } catch (thrown) {
    const { code, message, hint = '' } = neverReached(toAppError(thrown));
    if (code === 'internal') throw thrown;
    return noSurvey(name, hostStatusOf(code), {
      code,
      message: message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message,
      hint,
    });
  }
}
