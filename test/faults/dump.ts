import { createHash } from 'node:crypto';
import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { Places } from './fault-case.ts';

/** Every file of a host by its path, with what may differ from run to run taken out. */
export type Dump = Readonly<Record<string, string>>;

/**
 * Counters of the simulation, what has happened, and what was called; plimsoll's own directory, of which the invariants speak;
 * the numbers of devices, which depend on which was made first; the daemon's pid, and which project it has given to which directory; where it mounts, once something has been mounted there.
 */
const leftOut =
  /^(state\/(next-\w+|events|dm\/[^/]+\/number|daemon\/projects|faults|bin|calls|called-[^/]*)(\/.*)?|root\/proc\/\d+\/stat|root\/var\/lib\/plimsoll(\/.*)?|root\/run\/docker\.pid|root\/var\/lib\/docker\/devicemapper\/mnt(\/.*)?)$/;

/** The host itself: its disks and what its kernel and daemon hold in memory, and the case's files on it. */
export async function dumpHost(host: Pick<FleetHost, 'directory'>, { files }: Places): Promise<Dump> {
  const known = await containerNames(host);
  const dump = ownProjects({ ...(await dumpTree(host.directory, '')), ...(await dumpTree(files, 'files/')) });
  return Object.fromEntries(Object.entries(dump).map(([name, text]) => [known(name), known(text)]));
}

/** The ids of containers that were created here depend on how many there were before: they are given their names. */
async function containerNames({ directory }: Pick<FleetHost, 'directory'>): Promise<(text: string) => string> {
  const containers = join(directory, 'state/containers');
  const ids: [string, string][] = [];
  for (const id of await readdir(containers).catch(() => [])) {
    const record = await readFile(join(containers, id, 'static'), 'utf8');
    if (!/^c_Device=0$/m.test(record)) continue;
    const [name = '', layer = ''] = [/^c_Name='(.*)'$/m, /^c_Hash=(\w+)$/m].map((pattern) => pattern.exec(record)?.[1]);
    ids.push([id, `ID(${name})`], [id.slice(0, 12), `SHORT(${name})`], [layer, `LAYER(${name})`]);
  }
  return (text) => ids.reduce((rest, [id, name]) => rest.replaceAll(id, name), text);
}

/** A project's number says nothing but whose it is; a limit that is nobody's any more, nothing at all. */
function ownProjects(dump: Dump): Dump {
  const owners = new Map(
    Object.entries(dump).flatMap(([name, text]) =>
      /^state\/projects\/(?!uncharged:)./.test(name) ? [[text.trim(), name.slice('state/projects/'.length)]] : [],
    ),
  );
  return Object.fromEntries(
    Object.entries(dump).flatMap(([name, text]) => {
      if (/^state\/projects\/(?!uncharged:)./.test(name)) return [[name, 'its own']];
      const project = /^state\/quota\/(\d+)$/.exec(name)?.[1];
      if (project === undefined) return [[name, text]];
      const owner = owners.get(project);
      return owner === undefined ? [] : [[`state/quota/of ${owner}`, text]];
    }),
  );
}

export function dumpLaptop({ laptop }: Places): Promise<Dump> {
  return dumpTree(laptop, 'laptop/');
}

async function dumpTree(top: string, prefix: string): Promise<Dump> {
  const lines: [string, string][] = [];
  const walk = async (directory: string): Promise<void> => {
    for (const name of (await readdir(directory)).sort()) {
      const path = join(directory, name);
      const shown = relative(top, path);
      if (leftOut.test(shown)) continue;
      const found = await lstat(path);
      // What the simulation remembers in files has no modes of its own.
      const mode = /^(state|root\/proc)\//.test(shown) ? '' : (found.mode & 0o7777).toString(8);
      if (found.isDirectory()) {
        lines.push([`${prefix}${steady(shown, top)}/`, mode]);
        await walk(path);
      } else if (found.isSymbolicLink()) {
        lines.push([
          prefix + steady(shown, top),
          `-> ${steady(await readlink(path), top).replace(/^(\.\.\/)+/, 'HERE/')}`,
        ]);
      } else {
        // What is in one has the times of the volume's files; its case says whether it is whole.
        const isBackup = /@.*\.\d{8}T\d{6}Z\.(json|tar\.\w+(\.age)?)$/.test(name);
        lines.push([
          prefix + steady(shown, top),
          isBackup
            ? mode
            : `${mode} ${name === 'mountinfo' ? inAnyOrder(steady(await content(path), top)) : steady(await content(path), top)}`,
        ]);
      }
    }
  };
  await walk(top);
  // Several processes have the same name here: all that they are, in any order.
  const names = new Map<string, readonly string[]>();
  for (const [name, text] of lines) names.set(name, [...(names.get(name) ?? []), text]);
  return Object.fromEntries([...names].map(([name, texts]) => [name, texts.toSorted().join('\n')]));
}

/** Which device gets which number depends on which container was started first. */
function inAnyOrder(mountinfo: string): string {
  return mountinfo
    .replaceAll(/ 253:\d+ /g, ' 253:N ')
    .split('\n')
    .toSorted()
    .join('\n');
}

async function content(path: string): Promise<string> {
  const bytes = await readFile(path);
  const text = bytes.toString('latin1');
  return bytes.length < 32_768 && !text.includes('\0')
    ? text
    : `${String(bytes.length)} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Without the names of directories, times, pids, and the numbers of mounts. */
function steady(text: string, top: string): string {
  return (
    text
      .replaceAll(top, 'HERE')
      .replaceAll(dirname(top), 'FLEET')
      // Whether it was stopped by hand: an undo that stops a container can do no other.
      .replaceAll(/^c_ByHand=.*$/gm, 'c_ByHand=ANY')
      .replaceAll(/\d{8}T\d{6}Z/g, 'TIME')
      // A host gives itself a name for whoever copies from it.
      .replaceAll(/(plimsoll\.copied-from[\\":]+[^@"\\]*@)[\w+/]{16}:/g, '$1ITS-NAME:')
      // The key of a seal is made anew on each laptop.
      .replaceAll(/"key":"[0-9a-f]{16}","hmac":"[0-9a-f]{64}"/g, '"key":"KEY","hmac":"HMAC"')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
      .replaceAll(/\b9000000\d{3}\b/g, 'PID')
      // A container that is stopped has some exit status; and the simulation writes the same in two ways.
      .replaceAll(/\bf_State_ExitCode=\d+/g, '')
      .replaceAll(/\s+(?=f_State_)/g, ' ')
      .replaceAll(/^\d+ (.* shared:)\d+ (- \w+ \/dev\/mapper\/)/gm, 'N $1N $2')
  );
}

/**
 * What a power failure does not change: a container that has been started anew has another mount and
 * process, and its daemon has read its records. A file that was about to be put in place of a record
 * may be left; Docker does not read it.
 */
export function lasting(dump: Dump): Dump {
  return Object.fromEntries(
    Object.entries(dump).filter(([name]) =>
      /^(files|laptop)\/|^state\/(thin|quota|projects|volumes)\/|\/table$|\/metadata\/[^.]|\/devicemapper\/devicemapper\/|^root\/var\/lib\/docker\/volumes\/|^state\/containers\/.*\/static$/.test(
        name,
      ),
    ),
  );
}

/** What differs, in words: at most a few of the places. */
export function differences(was: Dump, is: Dump): readonly string[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => was[name] !== is[name]);
  const show = (text: string | undefined): string =>
    text === undefined ? 'absent' : JSON.stringify(text.slice(0, 200));
  const shown = names.slice(0, 5).map((name) => `${name} is ${show(is[name])} instead of ${show(was[name])}`);
  return names.length > shown.length ? [...shown, `and ${String(names.length - shown.length)} other places`] : shown;
}
