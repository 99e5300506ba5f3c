import type { FactRequest } from '../../facts/fact.ts';

/** What a host is asked for this long is said by name. */
const quietMs = 2000;
const lookMs = 500;

interface Asked {
  stillReading?(fact: string, reason: string): void;
}

/**
 * Says what a host is waited for, once for each fact, while these are being read (`limitOf`: for how long at most). A host answers in order, so the first one
 * without an answer is what it is at.
 */
export async function sayingWhatTakesLong<Value>(
  asked: Asked,
  unanswered: ReadonlySet<FactRequest>,
  reading: Promise<Value>,
  limitOf: (request: FactRequest) => number | undefined,
): Promise<Value> {
  let [at] = unanswered;
  let since = performance.now();
  let said: FactRequest | undefined;
  const timer = setInterval(() => {
    const [first] = unanswered;
    if (first !== at) since = performance.now();
    at = first;
    if (first === undefined || first === said || performance.now() - since < quietMs) return;
    said = first;
    asked.stillReading?.(first.fact.name, reasonOf(first, limitOf(first)));
  }, lookMs);
  try {
    return await reading;
  } finally {
    clearInterval(timer);
  }
}

function reasonOf({ fact: { name, runsPrograms }, host }: FactRequest, limit: number | undefined): string {
  const what = runsPrograms === true ? 'a program of the playbook that only reads' : `the fact ${name}`;
  return `still reading ${what}${host === undefined ? '' : ` of ${host}`}${limit === undefined ? '' : `, for ${timeOf(limit)} at most`}`;
}

function timeOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${String(seconds)} s` : `${String(Math.round(seconds / 60))} min`;
}
