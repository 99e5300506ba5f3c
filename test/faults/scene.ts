import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limit } from '../../lab/pace.ts';
import type { Fleet, FleetHost } from '../../lab/sim/fleet.ts';
import { startFleet } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import type { JournalRecord } from '../../src/run/journal/journal.ts';
import type { Dump } from './dump.ts';
import { dumpHost, dumpLaptop } from './dump.ts';
import type { FaultCase, Places } from './fault-case.ts';
import { brokenInvariants, lockIsFree, metadataNames } from './invariants/invariants.ts';
import type { Ended, Fault } from './plimsoll.ts';
import { journalOf, onlyRun, plimsollWith, shown } from './plimsoll.ts';

const settleMs = limit(60_000);
/** As `processes` shows it: a shell that reads its text from a pipe, and what it waits with. */
const watchdog = /^\d+: (\/bin\/sh|sleep 60) $/;

/** A case set up from nothing: its own simulated host, its playbook and files, and a laptop's state directory. */
export class Scene {
  readonly case: FaultCase;
  readonly fleet: Fleet;
  readonly host: FleetHost;
  readonly places: Places;
  readonly #metadata: readonly string[];

  private constructor(one: FaultCase, fleet: Fleet, host: FleetHost, places: Places, metadata: readonly string[]) {
    this.case = one;
    this.fleet = fleet;
    this.host = host;
    this.places = places;
    this.#metadata = metadata;
  }

  static async open(one: FaultCase, more: Partial<HostSpec> = {}): Promise<Scene> {
    const fleet = await startFleet([{ ...one.host, ...more }, ...(one.peer === undefined ? [] : [one.peer])]);
    try {
      const [host] = fleet.hosts;
      if (host === undefined) throw new Error('the fleet has no host');
      const places = { files: join(fleet.directory, 'files'), laptop: join(fleet.directory, 'laptop') };
      await mkdir(places.files);
      await mkdir(places.laptop);
      await fleet.writeTo(fleet.directory);
      // JSON is YAML.
      await writeFile(
        join(fleet.directory, 'laptop/playbook.yaml'),
        JSON.stringify({ hosts: one.host.name, become: true, steps: one.steps(places) }),
      );
      await one.files?.(places);
      if (one.arrange !== undefined) {
        const { code, stderr } = await host.run(typeof one.arrange === 'string' ? one.arrange : one.arrange(places));
        if (code !== 0) throw new Error(`${one.operation}: the host could not be arranged: ${stderr}`);
      }
      return new Scene(one, fleet, host, places, await metadataNames(host));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  /** `plimsoll COMMAND …` as a process of its own. */
  plimsoll(args: readonly string[], fault?: Fault): Promise<Ended> {
    return plimsollWith(this.fleet, args, fault);
  }

  apply(fault?: Fault): Promise<Ended> {
    return this.plimsoll(['apply', join(this.places.laptop, 'playbook.yaml'), '--yes'], fault);
  }

  /** The id of the only run, once there is one. */
  run(): Promise<string | undefined> {
    return onlyRun(this.fleet);
  }

  journal(): Promise<readonly JournalRecord[]> {
    return journalOf(this.fleet);
  }

  /**
   * Waits until nothing of the host runs any more. The watchdog of a shell that was ended at once looks
   * after it once a minute and then ends by itself; it is not waited for. A shell that has not ended yet
   * looks the same, but still has the lock.
   */
  async settled(): Promise<readonly string[]> {
    const until = performance.now() + settleMs;
    await this.peer?.idle(settleMs / 2);
    while (!(await this.host.idle(1000))) {
      const left = await this.host.processes();
      if (left.every((line) => watchdog.test(line)) && (await lockIsFree(this.host))) return [];
      if (performance.now() > until) return [`something still runs on the host: ${left.join('; ')}`];
    }
    return [];
  }

  /** `known state`: that the host comes up again after a power failure has been tried in this very state already. */
  async brokenInvariants(state?: 'known state'): Promise<readonly string[]> {
    const restartSafe = state === undefined && (this.case.restartSafe ?? true);
    return [
      ...(await brokenInvariants(this.host, { metadata: this.#metadata, restartSafe, journal: await this.journal() })),
      ...((await this.case.invariants?.(this.host, this.places)) ?? []),
    ];
  }

  async brokenAtEnd(): Promise<readonly string[]> {
    return (await this.case.atEnd?.(this.host, this.places, this.peer)) ?? [];
  }

  async dump(): Promise<Dump> {
    const there = this.peer === undefined ? {} : await dumpHost(this.peer, this.places);
    return {
      ...(await dumpHost(this.host, this.places)),
      ...Object.fromEntries(Object.entries(there).map(([name, text]) => [`peer/${name}`, text])),
    };
  }

  /** Undefined of a case that has to do with one host. */
  get peer(): FleetHost | undefined {
    return this.fleet.hosts[1];
  }

  async dumpWithLaptop(): Promise<Dump> {
    return { ...(await this.dump()), ...(await dumpLaptop(this.places)) };
  }

  close(): Promise<void> {
    return this.fleet.stop();
  }
}

/** Sets a case up, does something with it, and clears it away. */
export async function withScene<Value>(
  one: FaultCase,
  work: (scene: Scene) => Promise<Value>,
  more?: Partial<HostSpec>,
): Promise<Value> {
  const scene = await Scene.open(one, more);
  try {
    return await work(scene);
  } finally {
    await scene.close();
  }
}

/** The facts of the start, and those of an undisturbed run's end. */
export async function undisturbed(
  one: FaultCase,
): Promise<{ readonly start: Dump; readonly end: Dump; readonly points: readonly string[] }> {
  return withScene(one, async (scene) => {
    const start = await scene.dump();
    const record = join(scene.fleet.directory, 'points.json');
    const ended = await scene.apply({ record });
    if (ended.code !== 0) throw new Error(`the undisturbed run ended with ${shown(ended)}`);
    const wrong = [...(await scene.settled()), ...(await scene.brokenInvariants()), ...(await scene.brokenAtEnd())];
    if (wrong.length > 0) throw new Error(`after an undisturbed run: ${wrong.join('; ')}`);
    return { start, end: await scene.dumpWithLaptop(), points: JSON.parse(await readFile(record, 'utf8')) as string[] };
  });
}
