import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { canonicalJson, parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { BackupName } from '../crossing.ts';
import { backupName } from '../crossing.ts';
import type { Fact, Printed } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
/** Shown, compared and given to other hosts as one word: nothing in it moves a cursor or ends a line. */
const said = z
  .string()
  .max(4096)
  .regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u);
/** Labels and options of a volume: what Docker takes. */
const settings = z
  .record(
    z
      .string()
      .max(1024)
      .regex(/^[^\p{Cc}\p{Cs}=]+$/u),
    z
      .string()
      .max(65_536)
      .regex(/^[^\0]*$/),
  )
  .refine((all) => Object.keys(all).length <= 512);

/** A content list's parts, each by its digest; a part is absent where the host had no tool for it, or where nothing held still. */
const listSchema = z.object({
  /** Names, types, owners, modes, sizes, times, links, devices. */
  names: digest.optional(),
  /** What is in the files. */
  contents: digest.optional(),
  attributes: digest.optional(),
  acls: digest.optional(),
});

const manifestSchema = z
  .object({
    plimsoll: z.literal('backup'),
    version: z.literal(1),
    name: backupName,
    /** Tells the host from others. */
    host: said.max(300),
    /** What was backed up, as the playbook named it: `volume foo`. */
    source: said.min(1),
    compression: z.enum(['zstd', 'gzip']),
    consistency: z.enum(['stop', 'pause', 'live']),
    /** Of a volume. */
    docker: z.object({ labels: settings, options: settings }).optional(),
    /** The quota; 0: none. */
    sizeBytes: count,
    created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    /** The public keys that its archive is encrypted to, by age. */
    encryptedTo: z.array(said.min(1)).min(1).max(20).optional(),
    /** The archive in the encrypted file. */
    inside: z.object({ sha256: digest, bytes: count.min(1) }).optional(),
    /** Of the file beside it. */
    sha256: digest,
    bytes: count.min(1),
    /** The directory itself. */
    root: z.object({ mode: z.string().regex(/^[0-7]{1,4}$/), owner: z.string().regex(/^\d{1,10}:\d{1,10}$/) }),
    /** All that is in it, the sockets too. */
    entries: count,
    allocatedBytes: count,
    apparentBytes: count,
    /** What the archive unpacks to: names, attributes, and the content without its holes. Absent from the manifests of an earlier plimsoll. */
    unpackedBytes: count.optional(),
    /** Not in the archive. */
    sockets: count,
    /** Files that changed while they were read: only of what was backed up live. */
    changed: count,
    list: listSchema,
  })
  .refine(({ encryptedTo, inside }) => (encryptedTo === undefined) === (inside === undefined));

/** What stands beside an archive and says what it is; one line of JSON. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

/** A manifest is a kilobyte, and labels. */
export const longestManifest = 262_144;

/** A seal is some hundred bytes. */
export const longestSeal = 4096;

export interface Backup {
  readonly name: BackupName;
  /** The whole manifest as canonical JSON, also what this plimsoll does not know: what is vouched for. */
  readonly statement: string;
  /** What stands in the seal beside it; empty without one. */
  readonly seal: string;
  readonly manifest: Manifest;
  /** The archive is there with the size that the manifest says. */
  readonly complete: boolean;
}

/** A directory of backups. */
export interface Shelf {
  readonly exists: boolean;
  readonly availableBytes: number;
  readonly backups: readonly Backup[];
  /** Manifests that are none. */
  readonly unreadable: readonly string[];
}

interface Found {
  readonly name: string;
  /** Of the archive; 0 without one. */
  readonly bytes: number;
  /** Of the encrypted one; 0 without one. Which of them counts, the manifest says. */
  readonly sealedBytes: number;
  readonly text: string;
  readonly seal: string;
}

/** Undefined: it is no manifest of this backup. */
function readManifest(
  name: string,
  text: string,
): { readonly manifest: Manifest; readonly statement: string } | undefined {
  try {
    const json = parseJson(text);
    const { success, data } = manifestSchema.safeParse(json);
    return success && data.name === name ? { manifest: data, statement: canonicalJson(json) } : undefined;
  } catch {
    // What is nested that deep was written to do harm.
    return undefined;
  }
}

/** What a manifest says, as canonical JSON; undefined when it is none of this backup. */
export function statementOf(name: string, text: string): string | undefined {
  return readManifest(name, text)?.statement;
}

/** `prefix`: what the names were asked to begin with; whoever answers with others is not believed. */
export function readShelf(exists: boolean, availableBytes: number, found: readonly Found[], prefix: string): Shelf {
  const read = found.map(({ name, bytes, sealedBytes, text, seal }) => {
    const parsed = name.startsWith(prefix) ? readManifest(name, text) : undefined;
    if (parsed === undefined) return { name, backup: undefined };
    const { manifest, statement } = parsed;
    return {
      name,
      backup: {
        name: manifest.name,
        statement,
        seal: seal.trim(),
        manifest,
        complete: manifest.bytes === (manifest.encryptedTo === undefined ? bytes : sealedBytes),
      },
    };
  });
  return {
    exists,
    availableBytes,
    backups: read.flatMap(({ backup }) => backup ?? []),
    unreadable: read.filter(({ backup }) => backup === undefined).map(({ name }) => `${name}.json`),
  };
}

export function archiveOf({
  name,
  compression,
  encryptedTo,
}: Pick<Manifest, 'name' | 'compression' | 'encryptedTo'>): string {
  return `${name}.tar.${compression === 'zstd' ? 'zst' : 'gz'}${encryptedTo === undefined ? '' : '.age'}`;
}

/** Arguments: a directory, and what the names of the backups begin with. */
export const backupShelf: Fact<Shelf> = {
  name: 'backup-shelf',
  script: shell('facts/backups/backup-shelf.sh', { longest_manifest: longestManifest, longest_seal: longestSeal }),
  parse: (printed, [directory = '', prefix = '']) =>
    parseShelf(printed, directory, prefix, 'is it a directory that root can read?'),
};

/** `free BYTES`; of each manifest the sizes of the archive and of an encrypted one, and the name, its text, and that of its seal; `end`. */
function parseShelf({ status, stdout, stderr }: Printed, where: string, prefix: string, hint: string): Shelf {
  const [free = '', ...lines] = stdout.split('\n');
  const available = /^free +(\d+)$/.exec(free)?.[1];
  if (status !== 0 || available === undefined || lines.at(-2) !== 'end')
    throw new AppError(
      'fact-unreadable',
      `the backups in ${oneLine(where)} could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
      { hint },
    );
  if (lines[0] === 'missing') return readShelf(false, Number(available), [], prefix);
  const found = Array.from({ length: (lines.length - 2) / 3 }, (_, index) => {
    const [, bytes = '0', sealed = '0', name = ''] = /^(\d+) (\d+) (.*)$/.exec(lines[index * 3] ?? '') ?? [];
    return {
      name,
      bytes: Number(bytes),
      sealedBytes: Number(sealed),
      text: lines[index * 3 + 1] ?? '',
      seal: lines[index * 3 + 2] ?? '',
    };
  });
  return readShelf(true, Number(available), found, prefix);
}

/** The same of a bucket, asked by the host's own curl. */
export const bucketShelf: Fact<Shelf> = {
  name: 'bucket-shelf',
  timeoutMs: 300_000,
  script: shell('facts/backups/bucket-shelf.sh', { longest_manifest: longestManifest, longest_seal: longestSeal }),
  parse: (printed, [bucket = '', , asked = '']) =>
    parseShelf(
      printed,
      bucket,
      decodeURIComponent(asked).split('/').at(-1) ?? '',
      'ask it by hand: curl -K CREDENTIALS "BUCKET/?list-type=2", on the host',
    ),
};

/** The same of a directory on the laptop. Answered by the runner itself: nothing travels to the host. */
export const laptopShelf: Fact<Shelf> = {
  name: 'laptop-shelf',
  script: '',
  parse(_printed, [directory = '']) {
    throw new AppError('internal', `${oneLine(directory)} is a directory on this machine and was asked of the host`);
  },
};
