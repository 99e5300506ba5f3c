import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface AgeAnswer {
  readonly name: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is asked of the real age and of the simulated one alike, in a directory with these files. */
const files: Readonly<Record<string, string>> = {
  key: '# public key: age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p\nAGE-SECRET-KEY-1TZDW5NYADKJJUVFTH8V4TKWLVQKDG9FU6AQ9MJ007SJUY8D6KJXQS3YUG5\n',
  other: 'AGE-SECRET-KEY-192CJ8LZ3HYGTWY6JDY4NJ034GF7TEMVAG6WFANKNTRY29RM6JNVSR36HMD\n',
  text: 'a text\n'.repeat(30_000),
  nothing: '',
};
const [one, two] = [
  'age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p',
  'age1cyjd32e736gyct3l6wxjwd27fflph4lscex5xfrkgfsettmzupkqny74x7',
];

const calls: Readonly<Record<string, string>> = {
  'public keys': 'cat key other >both; age-keygen -y key; age-keygen -y both',
  'public keys of what is not there': 'age-keygen -y nosuch',
  'public keys of nothing': 'age-keygen -y nothing',
  'there and back': `age -r ${one} -r ${two} <text >sealed; stat -c %s sealed; age -d -i key <sealed | cmp - text; age -d -i other <sealed | cmp - text`,
  'there and back, of nothing': `age -r ${one} <nothing >empty; stat -c %s empty; age -d -i key <empty | wc -c`,
  'there and back, of whole chunks': `for n in 1 65535 65536 65537 131072; do head -c $n text | age -r ${one} >some; stat -c %s some; age -d -i key <some | wc -c; done`,
  'the header': `head -n 6 sealed | sed 's/[A-Za-z0-9+/]\\{43\\}/HASH/g'`,
  'another key': `age -r ${one} <text | age -d -i other`,
  'cut in a chunk': 'head -c 100000 sealed | age -d -i key >/dev/null',
  'cut between chunks': 'head -c 65902 sealed | age -d -i key >/dev/null',
  'longer than it was': '{ cat sealed; echo; } | age -d -i key >/dev/null',
  'a byte is another one':
    "{ head -c 1000 sealed; printf '\\377\\376'; tail -c +1003 sealed; } | age -d -i key | wc -c",
  'not encrypted': 'age -d -i key <key',
  'nothing at all': 'age -d -i key <nothing',
  'no key': 'age -d -i nosuch <sealed',
  'an empty key': 'age -d -i nothing <sealed',
  'a full disk': `age -r ${one} <text >/dev/full`,
};

export async function putAgeFiles(directory: string): Promise<void> {
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content, { mode: 0o600 });
}

/** `ask` runs a script as a host would. */
export async function ageAnswers(
  directory: string,
  ask: (script: string) => Promise<Omit<AgeAnswer, 'name'>>,
): Promise<readonly AgeAnswer[]> {
  await putAgeFiles(directory);
  const answers: AgeAnswer[] = [];
  for (const [name, script] of Object.entries(calls)) {
    const { code, stdout, stderr } = await ask(`cd '${directory}' || exit\n${script}`);
    answers.push({ name, code, stdout, stderr });
  }
  return answers;
}

/** Where its answers are kept, and what it has encrypted for `key`: a text of two lines. */
export const recordedAge = new URL('../fixtures/age.json', import.meta.url);
export const sealedByAge =
  'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBjREtFaFV5VVlVNFB5M0hnclpjN0w2R3BIczFvV1RhZ2NnQ1RoRXdCZWswClE2NzlOUy9ZS0RtQlZjWGdQM2VzM2ZQTFYvQnZUZmk3NjEzOGxOMTNYQUUKLT4gWDI1NTE5IGp4VmozNFQ5ZEFwaFVBV3pDaUV6cGQ3dlNJMDF2UTBzTm1Kdm5MMnJyQXMKV3JoOGJJUjZkWTcycno0djlQOUVYRHBlaytDQmliallpQ3lURjVFY1RXUQotLS0gMisxZElEaDkyL0V3YVhFMnMwVUJNWHNLK2FqVytqdVpnbi9UZXhONkJLSQqU/FWTm1YTAR+xNlRw4wmTYmW03Uzr4zFqhyZPFZOH8IHocfQCG7U2Bk2/PERGZxWTGWLT3/yNTMtboOgxqhmE';
