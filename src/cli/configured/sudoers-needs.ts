import type { Host, Step } from '../../config/model/types.ts';
import type { SelectedPlay } from '../../config/load.ts';
import { targetFor } from '../../run/planning/connect.ts';
import type { Needed } from '../../render/sudoers-text.ts';
import type { Target } from '../../transport/transport.ts';
import { isObject } from '../../values/json.ts';

interface Need extends Needed {
  readonly hosts: Set<string>;
  readonly operations: Set<string>;
}

export interface Needs {
  readonly needs: readonly Needed[];
  /** Steps that copy to a host which is known only once it is planned. */
  readonly unknown: readonly Step[];
}

/** Of each host of a playbook what its steps need there. A step with `become: false` needs nothing. */
export function needsOf(plays: readonly SelectedPlay[], known: ReadonlyMap<string, Host>): Needs {
  const needs = new Map<string, Need>();
  const unknown = new Set<Step>();
  const add = (host: Host, target: Target, operation: string, receives: boolean): void => {
    const { become, user, becomeUser } = target;
    const password = become === 'su' || (become === 'sudo' && host.secrets.becomePassword !== undefined);
    const key = JSON.stringify([become, user, become === 'none' ? '' : becomeUser, password, receives]);
    const need = needs.get(key) ?? {
      become,
      user,
      becomeUser,
      password,
      receives,
      hosts: new Set(),
      operations: new Set(),
    };
    needs.set(key, need);
    need.hosts.add(host.name);
    need.operations.add(operation);
  };
  for (const { play, hosts } of plays)
    for (const step of play.steps) {
      for (const host of hosts) add(host, targetFor(host.target, step.become ?? play.become), step.operation, false);
      const receiver = hosts.length === 0 ? undefined : receiverOf(step);
      const host = receiver === undefined ? undefined : known.get(receiver);
      if (host !== undefined) add(host, host.target, step.operation, host.target.user !== 'root');
      else if (receiver !== undefined) unknown.add(step);
    }
  // The last rule that fits counts.
  return {
    needs: [...needs.values()].sort((one, other) => Number(one.receives) - Number(other.receives)),
    unknown: [...unknown],
  };
}

/** Which host a step has something sent to, as it is written. */
function receiverOf({ operation, written }: Step): string | undefined {
  if (operation !== 'send_volume') return undefined;
  const to = isObject(written) ? written['to'] : undefined;
  const host = isObject(to) ? to['host'] : undefined;
  return typeof host === 'string' ? host : '';
}
