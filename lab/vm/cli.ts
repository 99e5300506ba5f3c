import { spawn } from 'node:child_process';
import { cacheRoot, listCache } from './cache.ts';
import { kinds, missing, spawnMachine, type Kind, type Machine } from './machine.ts';
import { sshOptions } from './ssh.ts';
import { setUp } from '../provide.ts';

const usage = `usage: tsx lab/vm/cli.ts list                     what there is
       tsx lab/vm/cli.ts setup                    the same as npm run lab:setup
       tsx lab/vm/cli.ts spawn KIND [NAME]        a machine until Ctrl-C
       tsx lab/vm/cli.ts ssh KIND [USER [COMMAND]]  a machine for one session
kinds: ${kinds.join(' ')}`;

function kindOf(word: string | undefined): Kind {
  const kind = kinds.find((each) => each === word);
  if (kind === undefined)
    throw new Error(`${word === undefined ? 'no kind given' : `no such kind: ${word}`}\n${usage}`);
  return kind;
}

const sshWords = (machine: Machine, user: string): readonly string[] => [
  ...sshOptions(machine),
  `${user}@${machine.address}`,
];

async function spawnUntilStopped(kind: Kind, name: string | undefined): Promise<void> {
  const began = Date.now();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      stop.abort();
    });
  const machine = await spawnMachine(kind, { signal: stop.signal, ...(name === undefined ? {} : { name }) });
  console.log(
    `${machine.name} (${kind}) is ready after ${((Date.now() - began) / 1000).toFixed(1)} s; Ctrl-C ends it.`,
  );
  console.log(`ssh ${sshWords(machine, 'root').join(' ')}`);
  console.log('users: root, ops (sudo), opspw (sudo with the password "s3cret pw"), plain (no sudo)');
  if (!stop.signal.aborted)
    await new Promise((resolve) => {
      stop.signal.addEventListener('abort', resolve);
    });
  await machine.stop();
}

async function oneSession(kind: Kind, user: string, command: readonly string[]): Promise<number> {
  const machine = await spawnMachine(kind);
  try {
    const child = spawn('ssh', [...sshWords(machine, user), ...command], { stdio: 'inherit' });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        resolve(code ?? 255);
      });
    });
  } finally {
    await machine.stop();
  }
}

async function main(words: readonly string[]): Promise<number> {
  const [command, first, second, ...rest] = words;
  switch (command) {
    case 'list':
      console.log(
        [
          `cache: ${cacheRoot()}`,
          ...listCache().map((each) => `  ${each}`),
          `kinds: ${kinds.join(' ')}`,
          missing() ?? 'every kind can be spawned',
        ].join('\n'),
      );
      return 0;
    case 'setup':
      await setUp();
      return 0;
    case 'spawn':
      await spawnUntilStopped(kindOf(first), second);
      return 0;
    case 'ssh':
      return await oneSession(kindOf(first), second ?? 'root', rest);
    default:
      console.error(usage);
      return 2;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
