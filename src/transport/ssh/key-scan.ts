import type { ServerHostKeyAlgorithm } from 'ssh2';
import { AppError } from '../../errors.ts';
import { Deadline } from '../remote-shell/deadline.ts';
import type { Target } from '../transport.ts';
import { Bastions } from './bastions.ts';
import {
  algorithmsFor,
  fingerprintOf,
  type HostKeyVerifier,
  knownAs,
  knownHostsLine,
  typeOf,
} from './host-keys/host-key.ts';
import { judgeHostKey, type HostKeyVerdict, type KnownHost } from './host-keys/known-hosts.ts';
import { meetServer } from './open-client.ts';
import { clientParts, type SshTransportOptions } from './ssh-transport.ts';

/** The key that a server has presented, which nobody has judged yet. */
export interface PresentedKey {
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** The line of known_hosts that pins it. */
  readonly line: string;
  /** What the known_hosts files of the target say of it. */
  readonly verdict: HostKeyVerdict;
  /** What these entries say of it, under the same name. */
  judgedBy(entries: readonly KnownHost[]): HostKeyVerdict;
}

export interface KeyScanner {
  /**
   * Goes as far as the key exchange, and no further: nothing is logged in to but the bastions on the way, whose keys have to
   * be known. Errors: as those of connecting.
   */
  scan(target: Target, signal: AbortSignal): Promise<PresentedKey>;
  close(): Promise<void>;
}

export function createKeyScanner(options: SshTransportOptions = {}): KeyScanner {
  const parts = clientParts(options);
  const bastions = new Bastions(parts);
  return {
    async scan(target, signal) {
      const known = await parts.knownHosts.entries(target.knownHostsFiles);
      const seen = new SeenKey(algorithmsFor(target, known));
      const deadline = new Deadline(target.name, target.connectTimeoutMs);
      const route = bastions.routeTo(target, signal);
      try {
        await meetServer(target, parts, { route, deadline, verifier: seen }, signal);
      } catch (thrown) {
        if (seen.key === undefined) throw thrown;
      }
      if (seen.key === undefined) throw new AppError('internal', `${target.name}: no key was presented`);
      return presented(target, known, seen.key);
    },
    async close() {
      parts.agents.close();
      await bastions.close();
    },
  };
}

function presented(target: Target, known: readonly KnownHost[], key: Buffer): PresentedKey {
  const { address, port } = knownAs(target);
  const type = typeOf(key);
  const judgedBy = (entries: readonly KnownHost[]): HostKeyVerdict => judgeHostKey(entries, address, port, type, key);
  return {
    type,
    fingerprint: fingerprintOf(key),
    line: knownHostsLine(target, key),
    verdict: judgedBy(known),
    judgedBy,
  };
}

/** Takes the key and refuses it, whatever it is: there is no login. */
class SeenKey implements HostKeyVerifier {
  readonly algorithms: ServerHostKeyAlgorithm[];
  readonly fingerprint = '';
  readonly publicKey = '';
  readonly refusal = undefined;
  key: Buffer | undefined;

  constructor(algorithms: ServerHostKeyAlgorithm[]) {
    this.algorithms = algorithms;
  }

  readonly verify = (key: Buffer): boolean => {
    this.key = Buffer.from(key);
    return false;
  };
}
