import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { AppError } from '../../errors.ts';
import type { Target } from '../transport.ts';
import type { Agent } from './agent.ts';
import type { Identities, Identity } from './identities.ts';

/** One way to log in, with the words that a failure report uses for it. */
export interface Credential {
  readonly method: AnyAuthMethod;
  readonly title: string;
}

export interface Credentials {
  readonly usable: readonly Credential[];
  /** Key files and agents that could not be used, and why. */
  readonly problems: readonly string[];
}

/**
 * In OpenSSH's order: keys (the configured files first, through the agent where it holds them, then
 * what else the agent has), keyboard-interactive, password. Nothing usable at all is an error at once.
 */
export async function gatherCredentials(target: Target, identities: Identities, agent: Agent | undefined): Promise<Credentials> {
  const { user: username, password } = target;
  const problems: string[] = [];
  const read = await Promise.all(target.identityFiles.map((file) => identities.read(file, target.identityPassphrase)));
  const held = target.agent && agent !== undefined ? await agentKeys(agent, problems) : [];
  const throughAgent = (key: ParsedKey): Credential[] =>
    agent === undefined ? [] : [{ method: { type: 'agent', username, agent: agent.only(key) }, title: `agent key ${key.comment}` }];

  const fromFiles = read.flatMap((identity): Credential[] => {
    if ('key' in identity) return [{ method: { type: 'publickey', username, key: identity.key }, title: `key ${identity.file}` }];
    const inAgent = held.find((key) => samePublicKey(identity, key));
    if (inAgent !== undefined) return throughAgent(inAgent);
    problems.push(identity.problem);
    return [];
  });
  const others = held.filter((key) => !read.some((identity) => samePublicKey(identity, key)));
  const usable = [...fromFiles, ...others.flatMap(throughAgent), ...(password === undefined ? [] : withPassword(username, password.reveal()))];
  if (usable.length === 0) {
    throw new AppError('auth-failed', `${target.name}: there is nothing to log in with as ${username}@${target.address}:${String(target.port)}${reasons(problems)}`, {
      hint: `Set identity_file (with identity_passphrase when it is encrypted) or password for ${target.name}, or add a key to the ssh-agent.`,
    });
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

function withPassword(username: string, password: string): Credential[] {
  const keyboardInteractive: AnyAuthMethod = {
    type: 'keyboard-interactive',
    username,
    // A question that echoes its answer is not for the password (a one-time code, for instance).
    prompt: (_name, _instructions, _language, prompts, finish) => { finish(prompts.map(({ echo }) => (echo === true ? '' : password))); },
  };
  return [
    { method: keyboardInteractive, title: 'password (keyboard-interactive)' },
    { method: { type: 'password', username, password }, title: 'password' },
  ];
}
