import type { ConfigIssue } from '../../errors.ts';
import type { MaxUnavailable } from '../../operations/engine/max-unavailable.ts';
import type { BecomeMethod, Target } from '../../transport/transport.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import type { Secret } from '../../values/secret.ts';
import type { KeyringEntry, SecretReference } from '../../values/secret-reference.ts';

/** A place in a file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a secret comes from. It is read for the selected hosts only, once everything has been checked. */
export type SecretSource =
  | { readonly kind: 'text'; readonly secret: Secret }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  | ({ readonly kind: 'keyring' } & KeyringEntry)
  | { readonly kind: 'age'; readonly armour: string };

/** The keys of a target that hold a secret. */
export type SecretKey = 'identityPassphrase' | 'password' | 'becomePassword';

export interface SecretSetting {
  readonly source: SecretSource;
  readonly place: Place;
}

/** What an inventory or a playbook makes plimsoll read of this machine: a file, or a variable of its environment. */
export interface NamedSource {
  /** What it is for: the inventory's key, or `a secret variable`. */
  readonly key: string;
  readonly kind: 'file' | 'env';
  readonly name: string;
  readonly place: Place;
}

/** What is not understood of a host, and would change the way to it or the rights on it: whoever selects it is refused with it. */
export interface HostTrouble extends ConfigIssue {
  /** A whole file is not read, so that nothing is known of the host for certain. */
  readonly isUnread?: boolean;
}

/** A variable that the inventory has and no playbook can be given. */
export interface Withheld {
  /** Completes "it …". */
  readonly why: string;
  readonly place: Place;
}

/** A value of the inventory, and where it stands; without either it is the command line's. */
export interface Written<Value> {
  readonly value: Value;
  readonly place?: Place;
  /** Where it comes from when that is no place of the inventory. */
  readonly from?: string;
}

/** A host on the way to another one, as `ssh -J` takes it: `[user@]host[:port]`. */
export interface Jump {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  /** Offered there instead of what else is said of it. */
  readonly identityFiles?: readonly string[];
  /** It is no host of the inventory, though one may be called so. */
  readonly isOutside?: true;
  /** It is a command of its own that goes there: with this file of ssh's configuration, or with the usual ones. */
  readonly config?: { readonly file?: string };
}

/** What the inventory itself says of the way to a host; beneath it lie ssh's configuration, and the defaults. */
export interface Way {
  /** What ssh is given for the host, where that is not its name. */
  readonly destination?: Written<string> | undefined;
  readonly address?: Written<string> | undefined;
  readonly port?: Written<number> | undefined;
  readonly user?: Written<string> | undefined;
  readonly identityFiles?: Written<readonly string[]> | undefined;
  readonly agent?: Written<boolean> | undefined;
  readonly knownHostsFiles?: Written<readonly string[]> | undefined;
  readonly connectTimeoutMs?: Written<number> | undefined;
  /** From the laptop on; empty where the host is to be reached directly. */
  readonly jumps?: Written<readonly Jump[]> | undefined;
  /** The file of ssh's configuration that holds for it, or `none`. */
  readonly sshConfig?: Written<string> | undefined;
  readonly become: boolean;
  /** sudo when absent. */
  readonly becomeMethod?: BecomeMethod | undefined;
  /** Who is to become root does so by sudo unless this inventory says that the login is root's, whatever else says so. */
  readonly isRootOnlyIfSaid?: true | undefined;
  /** Whom ssh's configuration has in front of it is no host of the inventory. */
  readonly isBehindOutside?: true | undefined;
  readonly becomeUser: string;
  readonly commandTimeoutMs: number;
  readonly stateDirectory: string;
}

/** One value of the way to a host, for people: where it comes from, too. */
export interface WayRow {
  readonly key: string;
  readonly value: string;
  readonly from: string;
}

/** One machine, with everything of its groups and defaults merged in. */
export interface Host {
  readonly name: string;
  /** What the inventory and the defaults say; complete with `throughSsh` and, as to secrets, with `resolveSecrets`. */
  readonly target: Target;
  readonly way: Way;
  readonly secrets: Readonly<Partial<Record<SecretKey, SecretSetting>>>;
  /** The files of this machine that the inventory names for it, besides those of secrets. */
  readonly files: readonly NamedSource[];
  /** defaults < groups (parents before children) < host. */
  readonly vars: JsonObject;
  /** Every group it is in, `all` not among them. */
  readonly groups: readonly string[];
  readonly place: Place;
  /** Nothing when absent. */
  readonly troubles?: readonly HostTrouble[];
  readonly withheld?: ReadonlyMap<string, Withheld>;
}

export interface Inventory {
  /** The file it was read from; several are joined by a comma. */
  readonly file: string;
  /** As it can be given again with `-i`. */
  readonly files: readonly string[];
  /** In the order of the file, ranges expanded. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** Host names of each group, children included. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** The files of this machine that it names for keys that open its encrypted values; none when absent. */
  readonly ageIdentities?: readonly NamedSource[];
  /** What is allowed but unwise, such as a password in plain text. */
  readonly warnings: readonly ConfigIssue[];
}

/** Hosts per wave: a number, or a share of the play's hosts. */
export type BatchSize =
  { readonly kind: 'count'; readonly count: number } | { readonly kind: 'percent'; readonly percent: number };

/** What an expression can see on one host. `undefined` for a register: its step has not run (yet). */
export interface Scope {
  readonly vars: JsonObject;
  readonly host: JsonObject;
  readonly facts: JsonObject;
  readonly registers: Readonly<Record<string, Json | undefined>>;
  readonly item?: Json;
  /** Variables that are written, and not read. */
  readonly withheld?: ReadonlyMap<string, Withheld>;
}

/** What an expression came to: a value, or the registers whose value is not known (yet). */
export type Resolved<Value> = { readonly value: Value } | { readonly unknown: readonly string[] };

/** A checked expression. `evaluate` throws an AppError('config') with the place when it fails. */
export interface Expression {
  readonly text: string;
  readonly place: Place;
  /** Root names that it reads: `vars`, `facts`, `host`, `item`, or a register. */
  readonly roots: ReadonlySet<string>;
  evaluate(scope: Scope): Resolved<Json>;
}

/** A value whose strings may hold expressions. */
export interface Template {
  resolve(scope: Scope): Resolved<Json>;
}

export type Retry = { readonly retries: number; readonly delaySeconds: number; readonly until?: Expression };

/** One use of an operation. */
export interface Step {
  /** Position in its play, from 1. */
  readonly number: number;
  readonly name: string;
  readonly operation: string;
  readonly place: Place;
  readonly when?: Expression;
  readonly register?: string;
  readonly loop?: { resolve(scope: Scope): Resolved<readonly Json[]> };
  readonly retry?: Retry;
  readonly timeoutSeconds?: number;
  readonly tags: readonly string[];
  readonly onError: 'fail' | 'continue';
  readonly become?: boolean;
  readonly maxUnavailable?: MaxUnavailable;
  /** The name of the block whose `rescue` it belongs to: it is done only when that block fails. */
  readonly rescues?: string;
  /** Every root name that the step's expressions read, `when` and `loop` included. */
  readonly roots: ReadonlySet<string>;
  /** The operation's input as the playbook has it, its `${{ }}` unresolved. */
  readonly written: Json;
  /**
   * The operation's input with its `${{ }}` resolved and parsed by the operation's schema.
   * Throws an AppError('config') with the place when the resolved value is not valid input.
   */
  resolve(scope: Scope): Resolved<unknown>;
  /** The secret variables that its program is given on a host. */
  secretsOf?(scope: Scope): readonly SecretReference[];
}

/** Steps that stand together: when one of `steps` fails on a host, `rescue` is done there; `always`, whatever happens. */
export interface Block {
  readonly name: string;
  readonly place: Place;
  readonly steps: readonly Node[];
  readonly rescue: readonly Node[];
  readonly always: readonly Node[];
}

/** A play's steps as they are carried out. A block's `when`, `tags` and `become` are already in its steps. */
export type Node = { readonly kind: 'step'; readonly step: Step } | { readonly kind: 'block'; readonly block: Block };

export interface Play {
  readonly number: number;
  readonly name: string;
  readonly hosts: string;
  readonly place: Place;
  readonly become?: boolean;
  /** At least one; the last one repeats until no host is left. */
  readonly batch: readonly BatchSize[];
  /** More failed hosts than this and the next wave does not start. */
  readonly maxFailures: BatchSize;
  /** As written; `scopeOf` gives them with their expressions resolved for a host. */
  readonly vars: JsonObject;
  /** Each may read the ones before it. */
  readonly varTemplates: ReadonlyMap<string, Template>;
  /** As soon as one host has failed, every other one stops at its next step. */
  readonly anyErrorsFatal: boolean;
  /** Every step, of blocks too (`block`, `rescue`, `always`), in the order of the file. */
  readonly steps: readonly Step[];
  readonly nodes: readonly Node[];
}

export interface Playbook {
  readonly file: string;
  /** As it was read, without a byte order mark. */
  readonly text: string;
  /** SHA-256 of the text, hexadecimal. */
  readonly digest: string;
  readonly plays: readonly Play[];
}
