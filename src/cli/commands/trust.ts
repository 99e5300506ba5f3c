import { Command } from '@commander-js/extra-typings';
import pLimit from 'p-limit';
import { expandHome, whyUnreadable } from '../../config/model/io.ts';
import { AppError, hostStatusOf, type HostStatus, neverReached, toAppError } from '../../errors.ts';
import { paint } from '../../render/line.ts';
import { type ShownKey, trustTable } from '../../render/recap/trust-view.ts';
import { count as amount, withoutName } from '../../render/words.ts';
import { pinKeys } from '../../run/reach/pin-keys.ts';
import { exitCodeOf, worst } from '../../run/report/exit-status.ts';
import type { KeyScanner, PresentedKey } from '../../transport/ssh/key-scan.ts';
import { type KnownHost, parseKnownHosts } from '../../transport/ssh/host-keys/known-hosts.ts';
import type { Target } from '../../transport/transport.ts';
import { grouped } from '../../values/grouped.ts';
import { byHand } from '../../values/shell.ts';
import { confirmation } from '../continue-command.ts';
import { selected } from '../asking/select.ts';
import { count, inventoryOptions, withColour } from '../options.ts';
import { keyScanner } from '../ssh-transport.ts';
import type { World } from '../world.ts';

export function trustCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('trust'))
    .argument('[pattern]', 'only these hosts, and the bastions on their way', 'all')
    .option('-f, --forks <n>', 'hosts to connect to at once', count, 50)
    .option(
      '--against <file>',
      'a known_hosts file that is trusted, as one that is kept in git: a key that it has is written without a question, one that it contradicts is refused',
    )
    .option('-y, --yes', 'write new keys without a question; what contradicts a known key is never written')
    .addHelpText(
      'after',
      `
Examples:
  plimsoll trust                                  # a table of all fingerprints, then one question
  plimsoll trust 'web:!web-03' --known-hosts ./known_hosts
  plimsoll trust --against ops/known_hosts        # a file that others have compared already
  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub   # on a host's own console: what to compare with`,
    )
    .action(async (pattern, options) => {
      const hosts = await selected(world, options, pattern);
      const round: Round = {
        world,
        targets: withBastions(hosts.map(({ target }) => target)),
        trusted: options.against === undefined ? undefined : await trustedFile(world, options.against),
        forks: options.forks,
        yes: options.yes,
        colour: withColour(world.out, options.color).colour,
      };
      end(exitCodeOf(worst(await trustAll(round))));
    });
}

interface Trusted {
  readonly file: string;
  readonly entries: readonly KnownHost[];
}

interface Round {
  readonly world: World;
  readonly targets: readonly Target[];
  readonly trusted: Trusted | undefined;
  readonly forks: number;
  readonly yes: true | undefined;
  readonly colour: boolean;
}

interface Seen {
  readonly target: Target;
  readonly key: PresentedKey | undefined;
  readonly shown: ShownKey;
}

/** What is behind a bastion is seen once the bastion is trusted: then in a round of its own. */
async function trustAll(round: Round): Promise<readonly HostStatus[]> {
  const seen = await scanAll(round);
  round.world.out.write(paint(trustTable(seen.map(({ shown }) => shown)), round.colour));
  const written = await writeKeys(round, seen);
  const statuses = seen.filter(({ shown }) => shown.state !== 'behind').map((one) => statusOf(one, written.has(one)));
  const behind = seen.filter(({ shown }) => shown.state === 'behind').map(({ target }) => target);
  if (behind.length === 0) return statuses;
  if (written.size === 0) return [...statuses, 'unreachable'];
  return [...statuses, ...(await trustAll({ ...round, targets: behind }))];
}

function statusOf({ shown: { state } }: Seen, isWritten: boolean): HostStatus {
  if (state === 'known' || isWritten) return 'ok';
  return state === 'revoked' || state === 'changed' || state === 'contradicted'
    ? hostStatusOf('host-key-changed')
    : 'unreachable';
}

async function scanAll({ world, targets, trusted, forks }: Round): Promise<readonly Seen[]> {
  const scanner = keyScanner(world);
  const limit = pLimit(forks);
  try {
    return await Promise.all(targets.map((target) => limit(() => scan(world, scanner, target, trusted))));
  } finally {
    await scanner.close();
  }
}

async function scan(world: World, scanner: KeyScanner, target: Target, trusted: Trusted | undefined): Promise<Seen> {
  const { name, address, port } = target;
  const about = { host: name, place: `${address}:${String(port)}` };
  try {
    const key = await scanner.scan(target, world.interrupts.stop);
    const { type, fingerprint } = key;
    return { target, key, shown: { ...about, key: { type, fingerprint }, ...judged(target, key, trusted) } };
  } catch (thrown) {
    const error = neverReached(toAppError(thrown));
    if (error.code === 'internal' || error.code === 'interrupted') throw error;
    if (error.code === 'host-key-unknown' && target.jump !== undefined)
      return {
        target,
        key: undefined,
        shown: {
          ...about,
          state: 'behind',
          why: `it is behind ${target.jump.name}, whose key has to be trusted first`,
        },
      };
    const why = withoutName(error.message, name);
    return {
      target,
      key: undefined,
      shown: { ...about, state: 'not seen', why, ...(error.hint === undefined ? {} : { hint: error.hint }) },
    };
  }
}

/** What the host's own files say comes first; then what the trusted file says. */
function judged(
  target: Target,
  key: PresentedKey,
  trusted: Trusted | undefined,
): Pick<ShownKey, 'state' | 'why' | 'hint'> {
  const { verdict, type } = key;
  if (verdict.kind === 'revoked')
    return { state: 'revoked', why: `its key is revoked in ${verdict.entry.where}`, hint: 'Give the host a new key.' };
  if (verdict.kind === 'changed')
    return {
      state: 'changed',
      why: `${verdict.old.where} knows it by another key${verdict.old.type === type ? '' : `, of type ${verdict.old.type}`}`,
      hint: `Somebody may be in between. If the host was installed anew, and its console shows this fingerprint, take the old key out: ${byHand('ssh-keygen', '-R', knownName(target), '-f', fileOf(target))}; then run plimsoll trust again.`,
    };
  const other = trusted === undefined ? undefined : key.judgedBy(trusted.entries);
  if (trusted !== undefined && (other?.kind === 'changed' || other?.kind === 'revoked'))
    return {
      state: 'contradicted',
      why:
        other.kind === 'revoked' ? `${other.entry.where} has its key as revoked` : `${other.old.where} has another key`,
      hint: 'Somebody may be in between, or the file is old: find out which, on the console of the host, before anybody connects.',
    };
  if (verdict.kind === 'known') return { state: 'known' };
  return trusted !== undefined && other?.kind === 'known'
    ? { state: 'vouched for', why: trusted.file }
    : { state: 'new' };
}

/** Resolves with those whose key stands in known_hosts now. */
async function writeKeys(round: Round, seen: readonly Seen[]): Promise<ReadonlySet<Seen>> {
  const vouched = seen.filter(({ shown }) => shown.state === 'vouched for');
  const fresh = seen.filter(({ shown }) => shown.state === 'new');
  await pin(round, vouched);
  if (fresh.length === 0) return new Set(vouched);
  const files = [...new Set(fresh.map(({ target }) => fileOf(target)))].join(', ');
  const confirm = confirmation(
    round.world,
    round,
    `Write ${amount(fresh.length, 'new key')} to ${files}? Only if you have compared the fingerprints with what the hosts' own consoles show.`,
  );
  confirm.ready();
  if (!(await confirm.ask())) return new Set(vouched);
  await pin(round, fresh);
  return new Set([...vouched, ...fresh]);
}

async function pin({ world }: Round, seen: readonly Seen[]): Promise<void> {
  for (const [file, ones] of grouped(seen, ({ target }) => fileOf(target))) {
    const lines = [...new Set(ones.flatMap(({ key }) => (key === undefined ? [] : [key.line])))];
    await pinKeys(file, lines);
    world.out.write(`${amount(lines.length, 'key')} written to ${file}\n`);
  }
}

function fileOf({ name, knownHostsFiles: [file] }: Target): string {
  if (file !== undefined && file !== '/dev/null') return file;
  throw new AppError('config', `${name}: there is no known_hosts file to write to`, {
    hint: 'Set known_hosts_file in the inventory, or give --known-hosts FILE.',
  });
}

function knownName({ address, port, hostKeyAlias }: Target): string {
  return hostKeyAlias ?? (port === 22 ? address : `[${address}]:${String(port)}`);
}

async function trustedFile({ io }: World, written: string): Promise<Trusted> {
  const file = expandHome(written, io);
  const refused = (why: string): AppError =>
    new AppError('usage', `--against ${file}: ${why}`, {
      hint: 'Name a known_hosts file, as ssh-keyscan writes it and somebody has compared it.',
    });
  const text = await io.readFile(file).catch((thrown: unknown) => {
    throw refused(whyUnreadable(thrown));
  });
  const entries = parseKnownHosts(new TextDecoder().decode(text), file);
  if (entries.length === 0) throw refused('there is no key in it');
  return { file, entries };
}

/** Bastions first: each once, as the hosts behind them need them. */
function withBastions(targets: readonly Target[]): readonly Target[] {
  const chain = (target: Target): readonly Target[] => [
    ...(target.jump === undefined ? [] : chain(target.jump)),
    target,
  ];
  return [
    ...new Map(
      targets.flatMap(chain).map((one) => [JSON.stringify([one.name, one.address, one.port, one.hostKeyAlias]), one]),
    ).values(),
  ];
}
