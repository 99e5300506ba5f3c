/** A kept survey by its file's name: `20261128-140102-0300-9f3a1c.json`, when and of how many hosts. */
const pattern = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(\d+)-[0-9a-f]+\.json$/;

const dayMs = 86_400_000;
/** So long all of them are kept; then one a day. */
const wholeDays = 2;
const mostDays = 400;
const most = 600;

interface Named {
  readonly name: string;
  readonly at: number;
  readonly hosts: number;
}

export function surveyName(at: Date, hosts: number, random: string): string {
  const time = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${time}-${String(hosts).padStart(4, '0')}-${random}.json`;
}

/** The surveys among the names in a directory, the newest first. */
export function surveyNames(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => pattern.test(name))
    .sort()
    .reverse();
}

/** Which of them need not be kept any longer: of each day before yesterday all but the one of the most hosts, and all that are too old or too many. */
export function surplus(names: readonly string[], now: Date): readonly string[] {
  const all = surveyNames(names).flatMap((name): readonly Named[] => {
    const [, year, month, day, hour, minute, second, hosts] = pattern.exec(name)?.map(Number) ?? [];
    return [{ name, at: Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second), hosts: hosts ?? 0 }];
  });
  const age = ({ at }: Named): number => (now.getTime() - at) / dayMs;
  const best = new Map<number, Named>();
  for (const one of all) {
    const day = Math.floor(one.at / dayMs);
    const other = best.get(day);
    if (other === undefined || one.hosts > other.hosts) best.set(day, one);
  }
  const staying = all
    .filter((one) => age(one) <= wholeDays || (age(one) <= mostDays && best.get(Math.floor(one.at / dayMs)) === one))
    .slice(0, most);
  return all.filter((one) => !staying.includes(one)).map(({ name }) => name);
}
