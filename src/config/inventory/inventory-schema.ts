import * as z from 'zod';
import type { JsonObject } from '../../values/json.ts';
import { readArmour } from '../age/armour.ts';
import { durationSchema } from '../model/duration.ts';

export const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Variables by name; a name must be one that an expression can say (`vars.name`). */
export const varsSchema = z
  .record(
    z.string().regex(identifier, 'a variable is named with letters, digits and _, so that vars.name can be written'),
    z.json(),
  )
  .meta({ description: 'Variables, for ${{ vars.name }} in playbooks.' });

const secretSchema = z
  .union([
    z.string().min(1),
    z.strictObject({ env: z.string().min(1).describe('The name of an environment variable of the laptop.') }),
    z.strictObject({ file: z.string().min(1).describe('A file on the laptop; its last line feed is dropped.') }),
    z.strictObject({
      command: z.array(z.string()).min(1).describe('A program and its arguments; what it prints is the secret.'),
    }),
    z.strictObject({
      keyring: z
        .strictObject({
          service: z.string().min(1).describe('What the entry is for.'),
          account: z.string().min(1).describe('Whose it is.'),
        })
        .describe(
          "An entry of the keyring of the laptop's user: secret-tool looks it up on Linux, security on macOS; there is none on Windows.",
        ),
    }),
    z.strictObject({
      age: z
        .string()
        .superRefine((text, context) => {
          const armour = readArmour(text);
          if ('why' in armour) context.addIssue({ code: 'custom', message: `this value ${armour.why}` });
        })
        .describe('Encrypted by age, armoured, as a block (age: |): plimsoll secret encrypt makes it.'),
    }),
  ])
  .meta({
    description:
      'A secret: { env: NAME }, { file: PATH }, { command: [...] }, { keyring: { service: NAME, account: NAME } } or { age: ENCRYPTED }. Plain text works, with a warning.',
  });

const fileList = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

/** No white space, and no leading dash that a program could take for an option. */
const word = z.string().regex(/^[^\s-]\S*$/, 'must be one word that does not start with a dash');

/** Not the root directory, and no trailing slash: it is made, and files are made in it. */
const directory = z.string().regex(/^(?:\/[^/\s]+)+$/, 'must be the absolute path of a directory, without white space');

const settings = {
  port: z.int().min(1).max(65_535).describe("TCP port of the SSH server; ssh's configuration, or 22, when absent."),
  user: word.describe("Login name; that of ssh's configuration, or the laptop's user, when absent."),
  identity_file: fileList.describe('Private key file or files, tried in this order; ~ is the home directory.'),
  identity_passphrase: secretSchema.describe('Passphrase of the private keys.'),
  password: secretSchema.describe('Login password, where the server takes no key.'),
  agent: z.boolean().describe('Whether keys of the running ssh-agent may be offered; true when absent.'),
  become: z
    .union([z.boolean(), z.enum(['sudo', 'doas', 'su'])])
    .describe(
      'Whether to become root, unless the login is root already, and by what: true is by become_method, and sudo without one.',
    ),
  become_method: z
    .enum(['sudo', 'doas', 'su'])
    .describe('By what root is come to where that is asked for; a become that names it says so, too.'),
  become_password: secretSchema.describe(
    'What sudo is answered (the password of the login), or su (that of root); doas takes none without a terminal.',
  ),
  become_user: word.describe('The user that commands run as; root when absent.'),
  known_hosts_file: fileList.describe('Files with the host keys that are accepted.'),
  proxy_jump: z
    .string()
    .min(1)
    .describe(
      'The host that the connection goes through: the name of one of the inventory, or [user@]host[:port]; several, from the laptop on, with commas between them; or none.',
    ),
  ssh_config: z
    .string()
    .min(1)
    .describe(
      "The file of ssh's configuration that holds for it instead of yours and the system's, as with ssh -F; none: neither.",
    ),
  connect_timeout: durationSchema.describe(
    'How long it may take from the first packet to a shell that is ready (login, bastion, sudo), and for each channel that is opened later; 10s when absent.',
  ),
  command_timeout: durationSchema.describe('How long a command may take that names no time-out; 5m when absent.'),
  state_directory: directory.describe(
    'Where plimsoll keeps its lock and its runs on the host, for root; /var/lib/plimsoll when absent.',
  ),
  vars: varsSchema,
};

const settingsSchema = z.strictObject(settings).partial();

export const hostSchema = z
  .strictObject({
    address: word.describe(
      "Name or IP address to connect to; ssh's HostName, or the name, when absent. May hold a range where the name does.",
    ),
    ...settings,
  })
  .partial();

export const groupSchema = z
  .strictObject({
    hosts: z.array(z.string().min(1)).describe('Names, ranges (web-[01:40]) and globs (web-*) of hosts.'),
    children: z.array(z.string().min(1)).describe('Names of groups whose hosts belong to this one too.'),
    ...settings,
  })
  .partial();

export const inventorySchema = z
  .strictObject({
    age_identities: fileList
      .optional()
      .describe(
        'The file or files of keys that open encrypted values (age-keygen writes one), relative to the inventory; ~ is the home directory. Used when neither --identity nor PLIMSOLL_AGE_IDENTITY names one.',
      ),
    defaults: settingsSchema
      .nullable()
      .optional()
      .describe('What holds for every host unless its groups or the host say otherwise.'),
    hosts: z.record(z.string(), hostSchema.nullable()).describe('The machines by name; a name may hold ranges.'),
    groups: z.record(z.string(), groupSchema.nullable()).nullable().optional().describe('Named sets of hosts.'),
  })
  .meta({ title: 'plimsoll inventory', description: 'The hosts of a fleet and how they are reached.' });

export type InventoryInput = z.output<typeof inventorySchema>;
/** The settings of one layer: the defaults', a group's, or a host's. */
export type Settings = Omit<z.output<typeof hostSchema>, 'vars'> & { readonly vars?: JsonObject | undefined };
export type SecretInput = z.output<typeof secretSchema>;
