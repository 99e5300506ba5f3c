import type { Play, Step } from '../../config/model/types.ts';
import { AppError } from '../../errors.ts';
import type { Target } from '../../transport/transport.ts';
import type { RunContext } from './context.ts';
import type { HostRun } from './host-run.ts';
import type { LinkOptions } from '../reach/link.ts';
import { Link } from '../reach/link.ts';

/** The way to the host for a step, one for each way of becoming root: a step says so, or its play, or the inventory. */
export async function connect(
  context: RunContext,
  run: HostRun,
  play: Pick<Play, 'become'>,
  step: Pick<Step, 'become'>,
): Promise<Link> {
  const { emit } = context;
  const target = targetFor(run.host.target, step.become ?? play.become);
  const link =
    run.links.get(target.become) ??
    new Link({
      ...linkOptions(context, run),
      target,
      onConnected: ({ info }) => {
        emit({ type: 'host.connected', host: run.name, hostKey: info.hostKey, runsAs: info.runsAs });
      },
      peer: (name) => peerOf(context, run, name),
      asked: (request) => {
        context.programs.pass(run.name, request);
      },
      scaledSet: (args) => context.records.scaledSet(run.name, args),
    });
  run.links.set(target.become, link);
  await link.open();
  return link;
}

function linkOptions(
  { transport, signal, reconnectMs, emit }: RunContext,
  run: HostRun,
): Pick<LinkOptions, 'transport' | 'signal' | 'reconnectMs' | 'onWaiting'> {
  return {
    transport,
    signal,
    reconnectMs,
    onWaiting: (reason, fact) => {
      emit({ type: 'host.waiting', host: run.name, reason, ...(fact === undefined ? {} : { fact }) });
    },
  };
}

/** A connection of this host's own to another one, which may have a turn of its own in the run, or none. */
async function peerOf(context: RunContext, run: HostRun, name: string): Promise<Link> {
  const known = run.peers.get(name);
  if (known !== undefined) return known;
  const target = await context.targetOf?.(name);
  if (target === undefined)
    throw new AppError('refused', `there is no host ${name} in the inventory`, {
      hint: 'name it as the inventory does',
    });
  const link = run.peers.get(name) ?? new Link({ ...linkOptions(context, run), target, onConnected: () => undefined });
  run.peers.set(name, link);
  return link;
}

/** The host's target with, or without, becoming root, whatever the inventory says; as that says when nothing is asked for. */
export function targetFor(target: Target, become: boolean | undefined): Target {
  if (become === undefined) return target;
  return { ...target, become: become && target.user !== 'root' ? 'sudo' : 'none' };
}
