import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { grouped } from '../../values/grouped.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ConfigIo } from '../model/io.ts';
import { readPlainly } from './plain-reading.ts';
import { type Classes, classesOf, counterpart, sharedReply } from './sharing.ts';
import { type SshWay, valuesOf, wayOf } from './ssh-answer.ts';
import type { SshQuestion, SshReply } from './ssh-question.ts';

const deadlineSeconds = 10;

/**
 * The ssh configuration of this machine's user, as the system's `ssh` reads it (`ssh -G`): each question is asked
 * once, and of those that get the same answer two are asked. Where there is no `ssh`, the files are read plainly.
 */
export class SshConfig {
  readonly #io: ConfigIo;
  readonly #replies = new Map<string, Promise<SshReply>>();
  readonly #starts = pLimit(Math.max(4, Math.min(16, 2 * availableParallelism())));
  #hasNoProgram = false;
  #defaults: Promise<SshWay | undefined> | undefined;

  constructor(io: ConfigIo) {
    this.#io = io;
  }

  ask(question: SshQuestion): Promise<SshReply> {
    const id = idOf(question);
    const known = this.#replies.get(id);
    if (known !== undefined) return known;
    const reply = this.#starts(() => this.#answer(question));
    this.#replies.set(id, reply);
    return reply;
  }

  /** Asks many questions at once. */
  async askAll(questions: readonly SshQuestion[]): Promise<void> {
    const open = new Map<string, SshQuestion>();
    for (const question of questions) {
      const id = idOf(question);
      if (!this.#replies.has(id)) open.set(id, question);
    }
    const byConfig = grouped(open.values(), ({ config }) => config);
    await Promise.all([...byConfig.values()].map((group) => this.#askGroup(group)));
  }

  /** What ssh does where no file says anything, by which it is told what has been said. */
  defaults(): Promise<SshWay | undefined> {
    this.#defaults ??= this.ask({ name: 'plimsoll', config: 'none' }).then(({ way }) => way);
    return this.#defaults;
  }

  async #askGroup(questions: readonly SshQuestion[]): Promise<void> {
    const [first] = questions;
    if (first === undefined) return;
    const { files, way } = await this.ask(first);
    const classes =
      way === undefined || questions.length < fewQuestions ? undefined : await this.#classes(files, first);
    const members = grouped(questions, (question) => classes?.of(question));
    await Promise.all(
      [...members].map(([name, some]) => this.#askClass(some, name === undefined ? undefined : classes)),
    );
  }

  async #askClass(members: readonly SshQuestion[], classes: Classes | undefined): Promise<void> {
    const [first, other] = members;
    if (classes !== undefined && members.length >= fewQuestions && first !== undefined && other !== undefined) {
      const second = counterpart(first, other, classes);
      const [one, two] = await Promise.all([this.ask(first), this.ask(second)]);
      const shared = sharedReply([first, one], [second, two]);
      if (shared !== undefined) {
        for (const member of members) {
          const id = idOf(member);
          if (!this.#replies.has(id)) this.#replies.set(id, Promise.resolve(shared(member)));
        }
        return;
      }
    }
    await Promise.all(members.map((member) => this.ask(member)));
  }

  async #classes(files: readonly string[], { config }: SshQuestion): Promise<Classes | undefined> {
    // An ssh that does not say what it reads might have read anything.
    if (files.length === 0 && (await this.#hasFiles(config))) return undefined;
    try {
      const texts = await Promise.all(files.map((file) => this.#io.readFile(file)));
      return classesOf(texts.map((text) => new TextDecoder('utf-8', { fatal: true }).decode(text)));
    } catch {
      // Then each is asked.
      return undefined;
    }
  }

  async #hasFiles(config: string | undefined): Promise<boolean> {
    if (config !== undefined) return config !== 'none';
    const { homeDir, accountHome = homeDir } = this.#io;
    const usual = [join(accountHome, '.ssh', 'config'), '/etc/ssh/ssh_config'];
    return (await Promise.all(usual.map((file) => this.#io.fileExists(file)))).includes(true);
  }

  async #answer(question: SshQuestion): Promise<SshReply> {
    const { askSsh } = this.#io;
    if (askSsh === undefined || this.#hasNoProgram) return await readPlainly(question, this.#io);
    let ran;
    try {
      ran = await askSsh(argumentsFor(question), deadlineSeconds * 1000);
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown;
      this.#hasNoProgram = true;
      return await readPlainly(question, this.#io);
    }
    return replyOf(question, ran);
  }
}

/** So few are asked as fast one by one. */
const fewQuestions = 4;

function idOf({ name, user, port, hostName, config }: SshQuestion): string {
  return JSON.stringify([name, user, port, hostName, config]);
}

/** -v, by which it says what it reads and runs. */
function argumentsFor({ name, user, port, hostName, config }: SshQuestion): readonly string[] {
  return [
    '-G',
    '-v',
    ...(config === undefined ? [] : ['-F', config]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(hostName === undefined ? [] : ['-o', `HostName=${hostName.replaceAll('%', '%%')}`]),
    '--',
    name,
  ];
}

type Ran = Awaited<ReturnType<NonNullable<ConfigIo['askSsh']>>>;

function replyOf({ name }: SshQuestion, { status, stdout, stderr }: Ran): SshReply {
  const said = stderr.split(/\r?\n/);
  const matches = (pattern: RegExp): readonly string[] => [
    ...new Set(said.flatMap((line) => pattern.exec(line)?.[1] ?? [])),
  ];
  const heard = {
    ran: matches(/^debug1: Executing command: '(.*)'$/),
    applied: matches(/^debug1: (.* line \d+: Applying options for .*)$/),
    files: matches(/^debug1: Reading configuration data (.*)$/),
  };
  const nothing = { ...heard, values: new Map<string, readonly string[]>() };
  if (status === 'late')
    return {
      ...nothing,
      failed: `ssh did not say within ${String(deadlineSeconds)} s what its configuration has for ${name}`,
      hint: 'Look at the programs of its Match exec lines, and at the name service if it is to make names canonical.',
    };
  if (status !== 0) {
    const errors = said.filter((line) => line !== '' && !/^(?:debug\d: |OpenSSH_|Pseudo-terminal )/.test(line));
    return {
      ...nothing,
      failed: `ssh cannot read its configuration: ${oneLine(errors.join('; ')) || `it ended with ${String(status)}`}`,
      hint: `Correct it until this works: ssh -G ${name}`,
    };
  }
  const values = valuesOf(stdout);
  try {
    return { ...heard, values, way: wayOf(values) };
  } catch (thrown) {
    return {
      ...nothing,
      failed: `what ssh -G says of ${name} is not understood: ${thrown instanceof Error ? thrown.message : ''}`,
      hint: `Write what it is to be into the inventory, with ssh_config: none.`,
    };
  }
}
