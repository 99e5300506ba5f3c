import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { AppError } from '../../errors.ts';
import type { Secret } from '../../values/secret.ts';
import { oneLine } from '../../values/terminal.ts';
import { interruptible } from '../remote-shell/abort.ts';
import { readInTime } from '../remote-shell/deadline.ts';
import type { Target } from '../transport.ts';
import type { Agent, OneKeyAgent } from './agent.ts';
import type { HeldKey } from './agent-keys.ts';
import type { Identities, Identity } from './identities.ts';
import { answering } from './password.ts';
import type { Asking } from './person.ts';
import { offersOf } from './signatures.ts';

/** One way to log in, with the words that a failure report uses for it. */
export interface Credential {
  /** What the protocol calls it. */
  readonly kind: 'publickey' | 'keyboard-interactive' | 'password';
  readonly title: string;
  /** What is offered: the same key may be offered in several ways, the same secret be sent by several methods. */
  readonly of: ParsedKey | Secret | 'codes';
  /** The ssh-agent has the private half. */
  readonly agent?: OneKeyAgent;
  /** It answers questions that come after another factor, and is of no use by itself. */
  readonly isSecond?: boolean;
  readonly method: (asking: Asking) => AnyAuthMethod;
}

type Method = Pick<Credential, 'agent' | 'method'>;

/** A key: as it is offered in its turn, and once all else has been. */
interface Offer {
  readonly first: Credential;
  readonly last: readonly Credential[];
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
  canAsk: boolean,
  signal: AbortSignal,
): Promise<Credentials> {
  const { user: username, password } = target;
  const problems: string[] = [];
  const reading = Promise.all(target.identityFiles.map((file) => identities.read(file, target.identityPassphrase)));
  const read = await readInTime(target.name, `its key files (${target.identityFiles.join(', ')})`, reading, signal);
  const held = agent === undefined ? [] : await interruptible(agentKeys(agent, problems), signal, target.name);
  const publicKey = (title: string, key: ParsedKey, methodOf: (offered: ParsedKey) => Method): Offer => {
    const { first, last } = offersOf(key);
    const offer = (offered: ParsedKey): Credential => ({ kind: 'publickey', title, of: key, ...methodOf(offered) });
    return { first: offer(first), last: last === undefined ? [] : [offer(last)] };
  };
  const throughAgent = ({ key, type, comment }: HeldKey): Offer[] => {
    if (agent === undefined) return [];
    if (key === undefined) {
      problems.push(`agent key ${oneLine(comment, 80)}: plimsoll has no use for ${oneLine(type, 80)}`);
      return [];
    }
    return [
      publicKey(`agent key ${key.comment}`, key, (offered) => {
        const one = agent.only(key, offered);
        return { agent: one, method: () => ({ type: 'agent', username, agent: one }) };
      }),
    ];
  };

  const fromFiles = read.flatMap((identity): Offer[] => {
    if (identity.certificate !== undefined)
      problems.push(`${identity.certificate}: certificates are not used by this transport`);
    if ('key' in identity)
      return [
        publicKey(`key ${identity.file}`, identity.key, (key) => ({
          method: () => ({ type: 'publickey', username, key }),
        })),
      ];
    const inAgent = held.find((key) => samePublicKey(identity, key));
    if (inAgent !== undefined) return throughAgent(inAgent);
    problems.push(identity.problem);
    return [];
  });
  const others =
    target.identitiesOnly === true ? [] : held.filter((key) => !read.some((identity) => samePublicKey(identity, key)));
  const keys = [...fromFiles, ...others.flatMap(throughAgent)];
  const usable = [
    ...keys.map(({ first }) => first),
    ...(password === undefined ? [] : withPassword(target, password)),
    ...keys.flatMap(({ last }) => last),
    ...(password === undefined && keys.length > 0 && canAsk ? [withCodes(target)] : []),
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

async function agentKeys(agent: Agent, problems: string[]): Promise<readonly HeldKey[]> {
  try {
    return await agent.keys();
  } catch {
    problems.push('the ssh-agent does not answer');
    return [];
  }
}

function samePublicKey(identity: Identity, { blob }: HeldKey): boolean {
  const known = 'key' in identity ? identity.key.getPublicSSH() : identity.publicKey;
  return known?.equals(blob) === true;
}

/** The plain method first: it has no question to be misunderstood. Whichever the server takes gets the password once. */
function withPassword(target: Target, password: Secret): Credential[] {
  return [
    {
      kind: 'password',
      title: 'password',
      of: password,
      method: () => ({ type: 'password', username: target.user, password: password.reveal() }),
    },
    {
      kind: 'keyboard-interactive',
      title: 'password (keyboard-interactive)',
      of: password,
      method: (asking) => answering(target, password, asking),
    },
  ];
}

/** For a host whose second factor only a person has. */
function withCodes(target: Target): Credential {
  return {
    kind: 'keyboard-interactive',
    title: 'answers to questions',
    of: 'codes',
    isSecond: true,
    method: (asking) => answering(target, undefined, asking),
  };
}
