import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { AppError } from '../../errors.ts';
import type { Secret } from '../../values/secret.ts';
import { interruptible } from '../remote-shell/abort.ts';
import { readInTime } from '../remote-shell/deadline.ts';
import type { Target } from '../transport.ts';
import type { Agent, OneKeyAgent } from './agent.ts';
import type { Identities, Identity } from './identities.ts';
import { answering } from './password.ts';

/** One way to log in, with the words that a failure report uses for it. */
export interface Credential {
  /** What the protocol calls it. */
  readonly kind: 'publickey' | 'keyboard-interactive' | 'password';
  readonly title: string;
  /** The ssh-agent has the private half. */
  readonly agent?: OneKeyAgent;
  /** For one attempt, which it may end with an error that says why. */
  readonly method: (giveUp: (error: AppError) => void) => AnyAuthMethod;
}

export interface Credentials {
  readonly usable: readonly Credential[];
  /** Key files and agents that could not be used, and why. */
  readonly problems: readonly string[];
}

/**
 * Keys first (the configured files, through the agent where it holds them, then what else the agent has), then the
 * password, by one of two methods. Nothing usable at all is an error at once.
 */
export async function gatherCredentials(
  target: Target,
  identities: Identities,
  agent: Agent | undefined,
  signal: AbortSignal,
): Promise<Credentials> {
  const { user: username, password } = target;
  const problems: string[] = [];
  const reading = Promise.all(target.identityFiles.map((file) => identities.read(file, target.identityPassphrase)));
  const read = await readInTime(target.name, `its key files (${target.identityFiles.join(', ')})`, reading, signal);
  const held = agent === undefined ? [] : await interruptible(agentKeys(agent, problems), signal, target.name);
  const throughAgent = (key: ParsedKey): Credential[] => {
    if (agent === undefined) return [];
    const one = agent.only(key);
    return [
      {
        kind: 'publickey',
        title: `agent key ${key.comment}`,
        agent: one,
        method: () => ({ type: 'agent', username, agent: one }),
      },
    ];
  };

  const fromFiles = read.flatMap((identity): Credential[] => {
    if (identity.certificate !== undefined)
      problems.push(`${identity.certificate}: certificates are not used by this transport`);
    if ('key' in identity)
      return [
        {
          kind: 'publickey',
          title: `key ${identity.file}`,
          method: () => ({ type: 'publickey', username, key: identity.key }),
        },
      ];
    const inAgent = held.find((key) => samePublicKey(identity, key));
    if (inAgent !== undefined) return throughAgent(inAgent);
    problems.push(identity.problem);
    return [];
  });
  const others =
    target.identitiesOnly === true ? [] : held.filter((key) => !read.some((identity) => samePublicKey(identity, key)));
  const usable = [
    ...fromFiles,
    ...others.flatMap(throughAgent),
    ...(password === undefined ? [] : withPassword(target, password)),
  ];
  if (usable.length === 0) {
    throw new AppError(
      'auth-failed',
      `${target.name}: there is nothing to log in with as ${username}@${target.address}:${String(target.port)}${reasons(problems)}`,
      {
        hint: `Set identity_file (with identity_passphrase when it is encrypted) or password for ${target.name}, or add a key to the ssh-agent.`,
      },
    );
  }
  return { usable, problems };
}

export function reasons(problems: readonly string[]): string {
  return problems.length === 0 ? '' : `; ${problems.join('; ')}`;
}

async function agentKeys(agent: Agent, problems: string[]): Promise<readonly ParsedKey[]> {
  try {
    return await agent.keys();
  } catch {
    problems.push('the ssh-agent does not answer');
    return [];
  }
}

function samePublicKey(identity: Identity, key: ParsedKey): boolean {
  const known = 'key' in identity ? identity.key.getPublicSSH() : identity.publicKey;
  return known?.equals(key.getPublicSSH()) === true;
}

/** The plain method first: it has no question to be misunderstood. Whichever the server takes gets the password once. */
function withPassword(target: Target, password: Secret): Credential[] {
  return [
    {
      kind: 'password',
      title: 'password',
      method: () => ({ type: 'password', username: target.user, password: password.reveal() }),
    },
    {
      kind: 'keyboard-interactive',
      title: 'password (keyboard-interactive)',
      method: (giveUp) => answering(target, password, giveUp),
    },
  ];
}
