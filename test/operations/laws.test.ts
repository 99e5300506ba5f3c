import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseTableLine } from '../../src/facts/host/device-mapper.ts';
import { byKey } from '../../src/operations/engine/by-key.ts';
import { dmsetup } from '../../src/operations/primitives/dmsetup.ts';
import { eraseWant } from '../../src/operations/engine/erase.ts';
import { growRootfs } from '../../src/operations/rootfs/grow-rootfs.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { operations } from '../../src/operations/registry.ts';
import { repairRootfs } from '../../src/operations/rootfs/repair-rootfs.ts';
import { dependsOn } from '../../src/plan/dependence.ts';
import { commandLine } from '../../src/values/shell.ts';
import { operationCases } from './cases.ts';
import { Answers } from './known.ts';
import { planLawfully } from './plan-lawfully.ts';
import type { RecordedHost } from './recorded-hosts.ts';
import { answersOf, MiB, recordedHost, sized, withoutDevice, withState } from './recorded-hosts.ts';
import { thin, thinWorld } from './thin-world.ts';

const thinHost = await recordedHost('dm-xfs');

describe('every operation in the registry', () => {
  it.each([...operations])(
    '%s has a name, a summary of one line, and a schema that can be published',
    (name, operation) => {
      expect(operation.name).toBe(name);
      expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      expect(operation.summary).toMatch(/^[A-Z][^\n]{10,140}[^.\n]$/);
      expect(z.toJSONSchema(operation.schema, { io: 'input' })).toMatchObject({ $schema: expect.any(String) });
    },
  );

  it.each([...byKey(operations)])('%s refuses keys that it does not know', (_key, { schema }) => {
    expect(schema.safeParse({ no_such_key: 1 }).success).toBe(false);
    expect(schema.safeParse(null).success).toBe(false);
  });

  it('has keys of which each stands for one thing, older ones too, and these say what they stand for', () => {
    const all = [...operations.values()].flatMap(({ name, aliases = {} }) => [name, ...Object.keys(aliases)]);
    expect([...byKey(operations).keys()]).toEqual(all);
    for (const { aliases = {} } of operations.values())
      for (const { description } of Object.values(aliases)) expect(description).toMatch(/\w/);
  });
});

const samples = [...operationCases].flatMap(([name, { law }]) =>
  law.map(({ of, ...sample }) => ({ ...sample, name, title: of === undefined ? name : `${name} ${of}` })),
);

describe.each(samples)('$title', ({ name, want: input, world }) => {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`${name} is not in the registry`);
  const want = operation.schema.parse(input);
  const planned = operation.plan(operation.pin?.(want, world) ?? want, world);

  it('takes its own parsed input again, as JSON, and makes the same of it', () => {
    expect(operation.schema.parse(JSON.parse(JSON.stringify(want)))).toEqual(want);
  });

  it('can be saved and journalled: its plan, and each of its changes, and what it was asked for', () => {
    expect(planLawfully(operation, want, world)).toEqual(planned);
  });

  it('asks for nothing that the sample does not know', () => {
    expect(
      operation
        .needs(want, world)
        .filter((request) => !world.has(request))
        .map(({ key }) => key),
    ).toEqual([]);
  });

  it('plans the same from the same, as plain JSON', () => {
    expect(planned.outcome).toBe(operation.readOnly === true ? 'noop' : 'change');
    expect(operation.plan(operation.pin?.(want, world) ?? want, world)).toEqual(planned);
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
    expect(JSON.parse(JSON.stringify(operation.touches(want, world)))).toEqual(operation.touches(want, world));
  });

  it('takes from a saved plan what it has made absolute itself, and nothing that the playbook says', () => {
    expect(operation.repin === undefined).toBe(operation.pin === undefined);
    const pinned = operation.pin?.(want, world) ?? want;
    // Saved, read again, and pinned anew: the same.
    expect(operation.repin?.(want, pinned, JSON.parse(JSON.stringify(pinned))) ?? pinned).toEqual(pinned);
    // A plan of which nothing was pinned has nothing to give.
    expect(operation.repin?.(want, pinned, want) ?? pinned).toEqual(pinned);
  });

  it('is what the same step after it depends on, where it changes something: its plan is certain only for the first', () => {
    const { reads, changes } = operation.touches(want, world);
    if (!operation.repeats)
      expect(dependsOn(reads, [{ step: 'first', changes }])).toEqual(changes.length === 0 ? [] : ['first']);
    if (operation.plan(want, world).outcome === 'change' && !operation.repeats && name !== 'wait_for')
      expect(changes).not.toEqual([]);
  });

  it('makes an atomic change only of what one script can do', () => {
    const kinds =
      planned.outcome === 'change'
        ? planned.changes.filter(({ atomic }) => atomic).flatMap(({ actions }) => actions.map(({ kind }) => kind))
        : [];
    expect(kinds.filter((kind) => !['exec', 'check', 'write-file'].includes(kind))).toEqual([]);
  });

  it('has scripts that are static: no value of the input is part of one', () => {
    for (const { fact, args } of operation.needs(want, world))
      for (const value of args.filter((text) => text.length > 2)) expect(fact.script).not.toContain(value);
  });
});

describe('eraseWant', () => {
  it('parses before every call, so that wrong input is an error of ours and not a wrong plan', () => {
    const erased = eraseWant(dmsetup);
    expect(() => erased.plan({ action: 'explode' }, new Answers())).toThrow(
      expect.objectContaining({ code: 'internal' }),
    );
    expect(typeof erased.readOnly === 'function' && erased.readOnly({ action: 'table', device: 'x' })).toBe(true);
    expect(Object.keys(erased)).not.toContain('pin');
    expect(Object.keys(erased)).not.toContain('verify');
  });
});

describe('whatever a playbook says', () => {
  it('dmsetup never plans a table that is shorter, or of another thin device', () => {
    const world = thinWorld();
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(40_000),
        fc.constantFrom('thin', 'linear', 'thin-pool', 'zero'),
        fc.constantFrom('253:0', '253:9'),
        fc.nat(6),
        fc.constantFrom('', ' 253:7'),
        (start, length, target, device, id, origin) => {
          const parsed = dmsetup.schema.safeParse({
            action: 'load',
            device: 'c',
            table: `${String(start)} ${String(length)} ${target} ${device} ${String(id)}${origin}`,
          });
          if (!parsed.success) return;
          const { outcome } = dmsetup.plan(parsed.data, world);
          const safe =
            start === 0 && length >= 8192 && target === 'thin' && device === '253:0' && id === 4 && origin === '';
          expect(outcome).toBe(safe ? (length === 8192 ? 'noop' : 'change') : 'refused');
        },
      ),
    );
  });

  it('what a command is shown as is what runs', () => {
    const command = operations.get('command');
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1 }).filter((word) => !word.includes('\0')),
          { minLength: 1 },
        ),
        (argv) => {
          const planned = command?.plan({ argv }, new Answers());
          const action = planned?.outcome === 'change' ? planned.changes[0]?.actions[0] : undefined;
          expect(action?.kind === 'exec' ? commandLine(action.argv) : '').toBe(commandLine(argv));
        },
      ),
    );
  });
});

/** The sizes that a change leaves behind when each of its actions does what it says. */
function afterwards(host: RecordedHost, planned: Planned): RecordedHost {
  if (planned.outcome !== 'change') return host;
  return planned.changes
    .flatMap(({ actions }) => actions)
    .reduce((now, action) => {
      if (action.kind === 'write-file') return sized(now, { stored: Number(/"size":(\d+)/.exec(action.content)?.[1]) });
      if (action.kind === 'wait-until') return sized(now, { daemon: Number(action.equals) });
      if (action.kind !== 'exec') return now;
      const [program, verb] = action.argv;
      const table = action.argv.at(-1) ?? '';
      if (program === 'dmsetup' && (verb === 'load' || verb === 'create'))
        return activated(now, Number(table.split(' ')[1]) * 512);
      if (program === 'xfs_growfs' || program === 'resize2fs')
        return sized(now, { fileSystem: now.rootfs?.deviceBytes ?? 0 });
      return program === 'docker' && verb === 'start' ? withState(now, 'running') : now;
    }, host);
}

/** The container's device, active with that size, and what lies on it to be read there. */
function activated(host: RecordedHost, bytes: number): RecordedHost {
  const name = host.container.graph?.['DeviceName'] ?? '';
  const { superblock, rootfs } = host;
  const device = { ...thin, name, minor: 1, table: [parseTableLine(`0 ${String(bytes / 512)} thin 253:0 4`)] };
  const fileSystem =
    rootfs?.fileSystem ?? (superblock === null ? undefined : { kind: superblock.kind, bytes: superblock.bytes });
  return {
    ...host,
    mapper: { devices: { ...host.mapper.devices, [name]: device } },
    rootfs: rootfs === undefined ? undefined : { ...rootfs, deviceBytes: bytes, fileSystem },
  };
}

describe('root file systems, in every state that recipes and interruptions leave', () => {
  const recorded = thinHost;
  const bytes = fc.constantFrom(320, 480, 640, 960).map((number) => number * MiB);
  const sizes = fc.record({ device: bytes, fileSystem: bytes, stored: bytes, daemon: bytes });

  it('grow_rootfs never makes anything smaller, never names another device, and has nothing to do when it has been done', () => {
    fc.assert(
      fc.property(sizes, bytes, fc.boolean(), (state, wanted, restart) => {
        const want = growRootfs.schema.parse({
          container: 'c1',
          size: `${String(wanted / MiB)}MiB`,
          restart_daemon: restart,
        });
        const host = sized(recorded, state);
        const planned = planLawfully(growRootfs, want, answersOf(host));
        const smaller = wanted < state.device || wanted < state.stored || state.fileSystem > state.device;
        expect(planned.outcome === 'refused').toBe(smaller);
        for (const action of planned.outcome === 'change' ? planned.changes.flatMap(({ actions }) => actions) : []) {
          if (action.kind === 'exec' && action.argv[1] === 'load')
            expect(action.argv.at(-1)).toBe(`0 ${String(wanted / 512)} thin 253:0 4`);
          if (action.kind === 'write-file')
            expect(JSON.parse(action.content)).toEqual({
              ...(JSON.parse(host.rootfs?.stored.text ?? '{}') as object),
              size: wanted,
            });
        }
        if (smaller) return;
        const left = growRootfs.plan(want, answersOf(afterwards(host, planned)));
        expect(left.outcome).toBe('noop');
        expect(left.owed === undefined).toBe(restart || state.daemon >= wanted);
      }),
    );
  });

  it('repair_rootfs leaves a container that starts, with its whole file system, and nothing to do', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom('running', 'stopped', 'stopped, its device active'),
        fc.boolean(),
        fc.boolean(),
        (state, is, start, restart) => {
          const want = repairRootfs.schema.parse({ container: 'c1', start, restart_daemon: restart });
          const all = sized(recorded, state);
          const host =
            is === 'running'
              ? all
              : is === 'stopped'
                ? { ...withoutDevice(withState(all, 'exited')), superblock: all.superblock }
                : withState(all, 'exited');
          const planned = planLawfully(repairRootfs, want, answersOf(host));
          if (planned.outcome === 'refused') {
            expect({ is, lost: state.fileSystem > state.device }).toEqual({ is: 'running', lost: true });
            return;
          }
          const after = afterwards(host, planned);
          expect(repairRootfs.plan(want, answersOf(after)).outcome).toBe('noop');
          expect(after.rootfs?.stored.bytes).toBeGreaterThanOrEqual(
            is === 'running' || planned.outcome === 'change' ? state.fileSystem : 0,
          );
          if (planned.outcome === 'noop' || is === 'running') return;
          expect(after.rootfs?.deviceBytes ?? Number(after.container.graph?.['DeviceSize'])).toBeGreaterThanOrEqual(
            state.fileSystem,
          );
          expect(after.container.state.running).toBe(start);
        },
      ),
      { numRuns: 500 },
    );
  });
});
