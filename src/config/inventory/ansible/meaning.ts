import { resolve } from 'node:path';
import type { BecomeMethod } from '../../../transport/transport.ts';
import type { Jump } from '../../model/types.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { conditions, conditionsOfMethod, type Key, methodOf, names, ofTheMethod } from './conditions.ts';
import type { Spot, Variable, Variables } from './graph.ts';
import { pythonText } from './literal.ts';
import { readSshArgs, type SshArgs, SshArgsMistake } from '../../ssh/ssh-args.ts';
import { isJinja, isVaulted, truthOf, unsafeText, whyWithheld, withoutMarks } from './values.ts';

type SecretSource = string | { env: string };

/** The settings of plimsoll's own that Ansible has words for. */
export interface MeantSettings {
  address?: string;
  port?: number;
  user?: string;
  identity_file?: string[];
  identity_passphrase?: SecretSource;
  password?: SecretSource;
  agent?: boolean;
  become?: boolean;
  become_method?: BecomeMethod;
  become_user?: string;
  become_password?: SecretSource;
  known_hosts_file?: string[];
  ssh_config?: string;
  vars: JsonObject;
}

/** Its place costs something to find, and is asked for only when something is said of it. */
type Located = Pick<Variable, 'spot'>;

/** What the variables of a host come to in plimsoll's own words. */
export interface Meaning {
  readonly settings: MeantSettings;
  /** Where each of the settings is written. */
  readonly spots: ReadonlyMap<string, Located>;
  /** The machines that it is reached through, in order; none where it is said that it is reached directly. */
  readonly through?: { readonly jumps: readonly Jump[]; readonly spot: Spot };
  /** What is not understood and would change the way to the host, or the rights on it. */
  readonly troubles: readonly Trouble[];
  /** Variables that no playbook can be given, and why. */
  readonly withheld: ReadonlyMap<string, Trouble>;
}

export interface Trouble {
  readonly spot: Spot;
  readonly message: string;
}

const fromEnvironment =
  /^\s*\{\{\s*lookup\(\s*(["'])(?:ansible\.builtin\.)?env\1\s*,\s*(["'])([A-Za-z_]\w*)\2\s*\)\s*\}\}\s*$/;
const word = /^[^\s-]\S*$/;
/** Ansible cannot speak of any other one either. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function meaningOf(variables: Variables): Meaning {
  return new Reader(variables).read();
}

/** The same text stands for many hosts. */
const readArgs = new Map<string, SshArgs | SshArgsMistake>();

class Reader {
  readonly #variables: Variables;
  readonly #troubles: Trouble[] = [];
  readonly #spots = new Map<string, Located>();
  #method: BecomeMethod = 'sudo';

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  read(): Meaning {
    const front = this.#args('ansible_ssh_args');
    const behind = [this.#args('ansible_ssh_common_args'), this.#args('ansible_ssh_extra_args')];
    const sources = [front, ...behind].filter((one) => one !== undefined);
    // Options that stand before Ansible's own win over these, what stands behind them does not.
    const first = <Name extends keyof SshArgs>(
      name: Name,
      own?: NonNullable<SshArgs[Name]>,
    ): NonNullable<SshArgs[Name]> | undefined => {
      if (sources.length === 0) return own;
      const said = (one: typeof front): NonNullable<SshArgs[Name]> | undefined => one?.args[name] ?? undefined;
      const found = said(front) ?? own ?? behind.map(said).find((value) => value !== undefined);
      if (found !== undefined && found !== own) {
        const from = sources.find((one) => one.args[name] === found);
        if (from !== undefined) this.#spots.set(name, from.variable);
      }
      return found;
    };
    this.#method = methodOf(this.#variables.get('ansible_become_method')?.value ?? '');
    for (const condition of [...conditions, ...conditionsOfMethod(this.#method)]) this.#expect(...condition);
    const address = this.#word('address');
    const ownPort = this.#port();
    const port = first('port', ownPort);
    const ownUser = this.#word('user');
    const user = first('user', ownUser);
    const identity = this.#text('identity_file');
    const identityFiles = [
      ...(front?.args.identityFiles ?? []),
      ...(identity === undefined ? [] : [identity]),
      ...behind.flatMap((one) => one?.args.identityFiles ?? []),
    ].map(fromHere);
    if (identity === undefined && identityFiles.length > 0) {
      const from = sources.find((one) => one.args.identityFiles.length > 0);
      if (from !== undefined) this.#spots.set('identity_file', from.variable);
    }
    const knownHosts = first('knownHostsFiles');
    const knownSpot = this.#spots.get('knownHostsFiles');
    if (knownSpot !== undefined) this.#spots.set('known_hosts_file', knownSpot);
    const jumps = first('jumps');
    const jumpSpot = this.#spots.get('jumps')?.spot;
    // Of this option ssh takes the last.
    const configured = sources.findLast(({ args }) => args.config !== undefined);
    const config = configured?.args.config;
    if (configured !== undefined) this.#spots.set('ssh_config', configured.variable);
    const become = this.#truth();
    const becomeUser = this.#word('become_user');
    const settings: Omit<MeantSettings, 'vars'> = {
      ...(address === undefined ? {} : { address }),
      ...(port === undefined ? {} : { port }),
      ...(user === undefined ? {} : { user }),
      ...(identityFiles.length === 0 ? {} : { identity_file: identityFiles }),
      ...this.#secret('identity_passphrase'),
      ...this.#secret('password'),
      ...(first('identitiesOnly') === true ? { agent: false } : {}),
      ...(become === undefined ? {} : { become }),
      ...(this.#method === 'sudo' ? {} : { become_method: this.#method }),
      ...(becomeUser === undefined ? {} : { become_user: becomeUser }),
      ...this.#secret('become_password'),
      ...(knownHosts === undefined ? {} : { known_hosts_file: knownHosts.map(fromHere) }),
      ...(config === undefined ? {} : { ssh_config: config === 'none' ? config : fromHere(config) }),
    };
    const { vars, withheld } = this.#rest();
    return {
      settings: { ...settings, vars },
      spots: this.#spots,
      ...(jumps === undefined || jumpSpot === undefined ? {} : { through: { jumps, spot: jumpSpot } }),
      troubles: this.#troubles,
      withheld,
    };
  }

  #args(name: string): { readonly args: SshArgs; readonly variable: Variable } | undefined {
    const variable = this.#variables.get(name);
    const text = variable && this.#plain(name, variable);
    if (variable === undefined || text === undefined) return undefined;
    let args = readArgs.get(text);
    if (args === undefined) {
      try {
        args = readSshArgs(text);
      } catch (thrown) {
        if (!(thrown instanceof SshArgsMistake)) throw thrown;
        args = thrown;
      }
      if (readArgs.size < 10_000) readArgs.set(text, args);
    }
    if (!(args instanceof SshArgsMistake)) return { args, variable };
    this.#trouble(
      variable.spot,
      `${name}: ${args.message}. It might change the way to the host: take out what is not needed for that, or give these hosts in an inventory of plimsoll's own (proxy_jump, identity_file)`,
    );
    return undefined;
  }

  #find(key: Key): { readonly name: string; readonly variable: Variable } | undefined {
    const suffix = ofTheMethod[key];
    const all: readonly string[] = [
      ...names[key],
      ...(suffix === undefined ? [] : [`ansible_${this.#method}_${suffix}`]),
    ];
    const name = all.findLast((one) => {
      const value = this.#variables.get(one)?.value;
      return value !== undefined && value !== null && value !== '';
    });
    const variable = name === undefined ? undefined : this.#variables.get(name);
    return name === undefined || variable === undefined ? undefined : { name, variable };
  }

  /** As a text; a trouble, and nothing, where it is none that can be read. */
  #plain(name: string, variable: Variable): string | undefined {
    const { value } = variable;
    const unsafe = unsafeText(value);
    if (unsafe !== undefined) return unsafe;
    if (isVaulted(value))
      this.#trouble(
        variable.spot,
        `${name} is encrypted (ansible-vault), which plimsoll does not open: ${this.#instead(name)}${/pass(?:word|phrase)?$/.test(name) ? ' to what ansible-vault decrypt prints of it' : ''}`,
      );
    else if (typeof value === 'object' && value !== null)
      this.#trouble(variable.spot, `${name} is to be a text, not a list or a mapping`);
    else if (value !== null && value !== '') {
      const text = pythonText(value);
      if (!isJinja(text)) return text;
      this.#trouble(variable.spot, `${name} is Jinja, which plimsoll does not evaluate: ${this.#instead(name)}`);
    }
    return undefined;
  }

  #instead(name: string): string {
    return /pass(?:word|phrase)?$/.test(name)
      ? `write "{{ lookup('env', 'NAME') }}", which is read, and set that variable of the environment`
      : 'write what it comes to';
  }

  #text(key: Key): string | undefined {
    const found = this.#find(key);
    if (found === undefined) return undefined;
    const text = this.#plain(found.name, found.variable);
    if (text !== undefined) this.#spots.set(key, found.variable);
    return text;
  }

  /** What is a trouble is shown as it is written. */
  #word(key: 'address' | 'user' | 'become_user'): string | undefined {
    const found = this.#find(key);
    const text = this.#text(key);
    if (found === undefined) return undefined;
    if (text === undefined) return typeof found.variable.value === 'string' ? found.variable.value : undefined;
    if (!word.test(text))
      this.#trouble(
        found.variable.spot,
        `${found.name} is "${text}": it must be one word that does not start with a dash`,
      );
    return text;
  }

  #port(): number | undefined {
    const text = this.#text('port');
    if (text === undefined) return undefined;
    const port = Number(text.trim());
    if (/^\s*[0-9]+\s*$/.test(text) && port >= 1 && port <= 65_535) return port;
    const found = this.#find('port');
    if (found !== undefined)
      this.#trouble(found.variable.spot, `${found.name} is "${text}": a port is a number from 1 to 65535`);
    return undefined;
  }

  #truth(): boolean | undefined {
    const found = this.#find('become');
    if (found === undefined) return undefined;
    const { variable } = found;
    const text = this.#plain('ansible_become', variable);
    if (text === undefined) return undefined;
    this.#spots.set('become', variable);
    const truth = truthOf(text);
    if (truth === undefined) this.#trouble(variable.spot, `ansible_become is "${text}": write true or false`);
    return truth;
  }

  #secret(
    key: 'identity_passphrase' | 'password' | 'become_password',
  ): Pick<MeantSettings, 'identity_passphrase' | 'password' | 'become_password'> {
    const found = this.#find(key);
    if (found === undefined) return {};
    const { value } = found.variable;
    const variable = typeof value === 'string' ? fromEnvironment.exec(value)?.[3] : undefined;
    if (variable !== undefined) {
      this.#spots.set(key, found.variable);
      return { [key]: { env: variable } };
    }
    const text = this.#text(key);
    return text === undefined ? {} : { [key]: text };
  }

  #expect(variables: readonly string[], allowed: RegExp, remedy: string): void {
    const name = variables.findLast((one) => this.#variables.has(one));
    const variable = name === undefined ? undefined : this.#variables.get(name);
    const text = name === undefined || variable === undefined ? undefined : this.#plain(name, variable);
    if (name !== undefined && variable !== undefined && text !== undefined && !allowed.test(text))
      this.#trouble(variable.spot, `${name} is ${/private_key$/.test(name) ? 'set' : `"${text}"`}, and ${remedy}`);
  }

  /** What is Ansible's own is of no use to a playbook; the rest is for its expressions. */
  #rest(): { readonly vars: JsonObject; readonly withheld: Meaning['withheld'] } {
    const vars: Record<string, Json> = {};
    const withheld = new Map<string, Trouble>();
    for (const [name, variable] of this.#variables) {
      const { value } = variable;
      if (name.startsWith('ansible_') || !variableName.test(name)) continue;
      const why = whyWithheld(value);
      if (why === undefined) vars[name] = withoutMarks(value);
      else withheld.set(name, { spot: variable.spot, message: why });
    }
    return { vars, withheld };
  }

  #trouble(spot: Spot, message: string): void {
    this.#troubles.push({ spot, message });
  }
}

/** Relative to where one is, as ssh has it. */
function fromHere(file: string): string {
  return file.startsWith('~') ? file : resolve(file);
}
