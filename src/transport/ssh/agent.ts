import ssh2, { type IdentityCallback, type ParsedKey } from 'ssh2';

/** The keys that a running ssh-agent holds, asked for once for all hosts. */
export class Agent {
  readonly #socketPath: string;
  #keys: Promise<readonly ParsedKey[]> | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  keys(): Promise<readonly ParsedKey[]> {
    this.#keys ??= new Promise((resolve, reject) => {
      new ssh2.OpenSSHAgent(this.#socketPath).getIdentities((error, keys = []) => {
        if (error instanceof Error) reject(error);
        else resolve(keys.filter((key): key is ParsedKey => 'getPublicSSH' in key));
      });
    });
    return this.#keys;
  }

  /** The same agent, offering only one of its keys: sshd counts every key offered as an attempt. */
  only(key: ParsedKey): OneKeyAgent {
    return new OneKeyAgent(this.#socketPath, key);
  }
}

class OneKeyAgent extends ssh2.OpenSSHAgent {
  readonly #key: ParsedKey;

  constructor(socketPath: string, key: ParsedKey) {
    super(socketPath);
    this.#key = key;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, [this.#key]);
  }
}
