import { begunCopies } from '../../../src/facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { containerUsesIfAny, copySource } from '../../../src/facts/copies/copy-source.ts';
import type { CopyTools } from '../../../src/facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../src/facts/copies/directory-copy.ts';
import { ask, askOf } from '../../../src/facts/fact.ts';
import { isRefused } from '../../../src/values/refusal.ts';
import type { Peer } from '../../../src/facts/peer.ts';
import { peer } from '../../../src/facts/peer.ts';
import type { ReceivedCopy, ReceivingHost } from '../../../src/facts/copies/receiving-host.ts';
import { receivedCopy, receivingHost } from '../../../src/facts/copies/receiving-host.ts';
import type { SendingHost } from '../../../src/facts/copies/sending-host.ts';
import { rsyncServerCommands, sendingHost, treeState } from '../../../src/facts/copies/sending-host.ts';
import { stoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { setsInOrder } from '../../../src/operations/copies/send/send-pass.ts';
import type { SendWant } from '../../../src/operations/copies/send/send-input.ts';
import { sendVolumeSchema } from '../../../src/operations/copies/send/send-input.ts';
import { sidesOf } from '../../../src/operations/copies/send/send-sides.ts';
import { crossed } from '../../support/crossed.ts';
import { directory, everything } from '../copies/world.ts';
import { Answers } from '../known.ts';

/** How two hosts are, where a test does not say otherwise. */
export interface SendWorld {
  readonly tools: CopyTools;
  readonly toolsThere: CopyTools;
  readonly uses: readonly ContainerUse[];
  readonly usesThere: readonly ContainerUse[];
  readonly entriesThere: number;
  readonly roomThere: number;
  readonly state: string;
  readonly sending: Partial<SendingHost>;
  readonly receiving: Partial<ReceivingHost>;
  readonly peer: Partial<Peer>;
  readonly copy: Partial<ReceivedCopy>;
  readonly stopped: readonly string[];
}

const usual: SendWorld = {
  tools: everything,
  toolsThere: everything,
  uses: [],
  usesThere: [],
  entriesThere: 0,
  roomThere: 9_000_000,
  state: '1.0 2.0',
  sending: {},
  receiving: {},
  peer: {},
  copy: {},
  stopped: [],
};

export const label = crossed('web-1@0123456789abcdef:/a');
export const sendWish = (more: object = {}): SendWant =>
  sendVolumeSchema.parse({ from: { path: '/a' }, to: { host: 'b', path: '/b' }, ...more });

/** A container that runs and has a directory mounted. */
export function user(name: string, source: string, running = true): ContainerUse {
  return {
    id: name.charCodeAt(0).toString(16).repeat(32),
    name,
    running,
    startedAt: '2026-11-20T00:00:00Z',
    mounts: [{ type: 'bind', source, destination: '/data', readOnly: false, propagation: '' }],
    volumesFrom: [],
    links: [],
    networkMode: 'bridge',
    pidMode: '',
    ipcMode: '',
    autoRemove: false,
    labels: {},
  };
}

/** What the two hosts say about the copy of /a to /b on b. */
export function sendWorld(want: SendWant, more: Partial<SendWorld> = {}): Answers {
  const world = { ...usual, ...more };
  const found = {
    name: 'b',
    hostKey: 'SHA256:fedcba98765432100',
    address: '192.0.2.2',
    port: 22,
    user: 'root',
    publicKey: 'ssh-ed25519 AAAA',
    server: 'OpenSSH_9.2p1',
    runsAs: 'root',
    ...world.peer,
  };
  const known = new Answers()
    .set(ask(copyTools), world.tools)
    .set(askOf('b', copyTools), world.toolsThere)
    .set(ask(containerUsesIfAny), world.uses)
    .set(askOf('b', containerUsesIfAny), world.usesThere)
    .set(ask(containers), [])
    .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: [] })
    .set(ask(peer), { ...found, name: 'web-1', hostKey: 'SHA256:0123456789abcdefXYZ' })
    .set(askOf('b', peer, crossed('b')), found);
  const host = { volumes: [], containers: [] };
  const sides = sidesOf(want, {
    here: { ...host, tools: world.tools, answers: true, uses: world.uses },
    away: { ...host, tools: world.toolsThere, answers: true, uses: world.usesThere },
    peer: found,
    docker: undefined,
  });
  if (isRefused(sides)) throw new Error(sides.reason);
  const sets = setsInOrder(sides.sets);
  return known
    .set(ask(stoppedForCopies), {
      directory: '/var/lib/plimsoll/stopped',
      all:
        world.stopped.length === 0
          ? []
          : [
              {
                from: '/a',
                to: 'b:/b',
                containers: [...world.stopped],
                file: '/var/lib/plimsoll/stopped/x',
                text: '{}\n',
              },
            ],
    })
    .set(ask(copySource, '/a'), { sockets: 0, fixed: 0, firstFixed: [] })
    .set(ask(copyDirectory, '/a'), directory('/a', { entries: 2, allocatedBytes: 4096, apparentBytes: 4096 }))
    .set(
      askOf('b', copyDirectory, crossed('/b')),
      directory('/b', {
        entries: world.entriesThere,
        availableBytes: world.roomThere,
        allocatedBytes: world.entriesThere === 0 ? 0 : 1024,
      }),
    )
    .set(ask(treeState, '/a'), world.state)
    .set(ask(sendingHost, sides.address, sides.id), {
      ssh: true,
      address: crossed('192.0.2.1'),
      directory: `/var/lib/plimsoll/sending/${sides.id}`,
      left: false,
      ...world.sending,
    })
    .set(askOf('b', receivingHost, crossed(found.user), sides.id), {
      keysFile: crossed('/root/.ssh/authorized_keys'),
      trouble: '',
      root: true,
      left: false,
      ...world.receiving,
    })
    .set(
      ask(rsyncServerCommands, ...sets),
      sets.map((_, number) => crossed(`rsync --server -e.${String(number)} . ./`)),
    )
    .set(askOf('b', receivedCopy, label, crossed('/b')), { begun: undefined, record: undefined, ...world.copy });
}
