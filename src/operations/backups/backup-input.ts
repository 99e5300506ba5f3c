import * as z from 'zod';
import { backupShelf, bucketShelf, laptopShelf, type Shelf } from '../../facts/backups/backup-shelf.ts';
import { crossing, hostPath, plainText } from '../../facts/crossing.ts';
import { ask, askOf, type FactRequest } from '../../facts/fact.ts';
import { copiedDirectory } from '../copies/copy-input.ts';

/** Where backups are kept. */
const keptIn = z
  .strictObject({
    laptop: z.string().min(1).optional().describe('a directory on this machine, relative to the playbook'),
    path: copiedDirectory.optional().describe('a directory on the host; with host: on that other one'),
    host: z
      .string()
      .min(1)
      .optional()
      .describe('another host of the inventory; the archive goes by way of this machine, which keeps nothing of it'),
    bucket: z
      .string()
      .regex(
        /^https?:\/\/[A-Za-z0-9.[\]:-]+(\/[A-Za-z0-9._-]+)*$/,
        "must be the bucket's URL, without a user, a query or a slash at its end",
      )
      .optional()
      .describe("the URL of a bucket of an S3-compatible store, which the host's own curl reaches"),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'must be words, with slashes between them')
      .optional()
      .describe("with bucket: what comes before the objects' names"),
    credentials: copiedDirectory
      .optional()
      .describe(
        'with bucket: a file on the host which curl reads, with its lines user = "KEY:SECRET" and aws-sigv4 = "aws:amz:REGION:s3"; plimsoll does not read it',
      ),
  })
  .refine(
    isOnePlace,
    'must be {laptop: DIRECTORY}, {path: DIRECTORY}, {host: NAME, path: DIRECTORY} or {bucket: URL, credentials: FILE}',
  );
export type Kept = z.infer<typeof keptIn>;

function isOnePlace({
  laptop,
  path,
  host,
  bucket,
  prefix,
  credentials,
}: Readonly<
  Partial<Record<'laptop' | 'path' | 'host' | 'bucket' | 'prefix' | 'credentials', string | undefined>>
>): boolean {
  const places = [laptop, path, bucket].filter((place) => place !== undefined).length;
  return (
    places === 1 &&
    (host === undefined || path !== undefined) &&
    (bucket === undefined) === (credentials === undefined) &&
    (prefix === undefined || bucket !== undefined)
  );
}

export const backupsIn = (what: string): typeof keptIn => keptIn.describe(what);

export function directoryOf({ laptop, path, bucket, prefix }: Kept): string {
  if (bucket !== undefined) return prefix === undefined ? bucket : `${bucket}/${prefix}`;
  return laptop?.replace(/(?<=.)\/+$/, '') ?? path ?? '';
}

/** On the very host that the step is for. */
export function isHere({ laptop, host, bucket }: Kept): boolean {
  return laptop === undefined && host === undefined && bucket === undefined;
}

/** What is kept there of which the names begin so. */
export function shelfOf(kept: Kept, name: string): FactRequest<Shelf> {
  const { laptop, host, bucket, prefix, credentials = '' } = kept;
  if (bucket !== undefined)
    return ask(bucketShelf, bucket, credentials, encodeURIComponent(prefix === undefined ? name : `${prefix}/${name}`));
  if (laptop !== undefined) return ask(laptopShelf, directoryOf(kept), name);
  return host === undefined
    ? ask(backupShelf, directoryOf(kept), name)
    : askOf(
        host,
        backupShelf,
        crossing(hostPath, directoryOf(kept), 'the directory of the backups'),
        crossing(plainText, name, 'the name of the backup'),
      );
}

/** For people. */
export function describedKept(kept: Kept): string {
  const directory = directoryOf(kept);
  if (kept.laptop !== undefined) return `${directory} on this machine`;
  return kept.host === undefined ? directory : `${directory} on ${kept.host}`;
}

/** The resource that a step which reads or fills it touches. */
export function resourceOf(kept: Kept): string {
  const directory = directoryOf(kept);
  if (kept.laptop !== undefined) return `laptop:${directory}`;
  if (kept.bucket !== undefined) return `bucket:${directory}`;
  return kept.host === undefined ? `path:${directory}` : `path:${kept.host}:${directory}`;
}
