import type { AppError } from '../errors.ts';
import { canonicalJson } from '../values/json.ts';
import type { Crossing } from './crossing.ts';
import type { SecretReference } from '../values/secret-reference.ts';

/** What a fact's command printed. The same shape as a transport's outcome. */
export interface Printed {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Something read from a host: a static command and a pure parser.
 *
 * The command must not change anything on the host. Its values arrive as positional parameters.
 * `parse` throws an AppError when the answer cannot be understood: a fact is never guessed.
 */
export interface Fact<Value> {
  readonly name: string;
  readonly script: string;
  readonly timeoutMs?: number;
  /** It runs a program that the playbook names, about which nothing is known: only after its text was shown, and with consent. */
  readonly runsPrograms?: true;
  /** Of an answer that is a few lines: more is none, and not looked at. */
  readonly mostBytes?: number;
  /** What it prints is text for people and expressions, and not what plans are made from: secrets of the host are taken out of it. */
  readonly givesText?: true;
  /**
   * Its script takes the arguments of several requests, one after the other, and answers them together, which is cheaper
   * than each alone. Gives what it has printed of one of them, for `parse`.
   */
  part?(printed: Printed, args: readonly string[]): Printed;
  /** It describes all things of one kind, as other facts do: what is asked of them in one flight is read by one script. */
  readonly listed?: Listed;
  parse(printed: Printed, args: readonly string[]): Value;
}

export interface Listed {
  /** Facts with the same kind can be read together. */
  readonly kind: string;
  /** What is asked of each thing: a line. */
  readonly format: string;
  /** Gives of each thing a line for each of the formats. */
  readonly script: (formats: readonly string[]) => string;
  /** What was printed for one of so many formats, as if it had been asked alone. */
  readonly own: (printed: Printed, index: number, count: number) => Printed;
}

/** What a program is given that no argument list shows. Secrets are named; their values are fetched when it is run. */
export interface ProgramFeed {
  readonly env?: Readonly<Record<string, string | SecretReference>>;
  readonly stdin?: SecretReference;
}

/** One fact asked of one host. Requests with the same key have the same answer. */
export interface FactRequest<Value = unknown> {
  readonly key: string;
  readonly fact: Fact<Value>;
  readonly args: readonly string[];
  /** Asked of this other host of the inventory, and not of the one that the step is for. */
  readonly host?: string;
  /** For the program that the fact is about. */
  readonly feed?: ProgramFeed;
}

export function ask<Value>(fact: Fact<Value>, ...args: readonly string[]): FactRequest<Value> {
  return { key: `${fact.name}${canonicalJson(args)}`, fact, args };
}

/** The same with what the program gets beside its arguments. */
export function askWith<Value>(feed: ProgramFeed, fact: Fact<Value>, ...args: readonly string[]): FactRequest<Value> {
  return { key: `${fact.name}${canonicalJson(args)}<${canonicalJson(feed)}`, fact, args, feed };
}

/** The arguments may be another host's words, so they have a grammar. */
export function askOf<Value>(host: string, fact: Fact<Value>, ...args: readonly Crossing[]): FactRequest<Value> {
  return { key: `${fact.name}${canonicalJson(args)}@${host}`, fact, args, host };
}

/** The answers that are known so far about one host. */
export interface Known {
  /** The answer; undefined while it has not been asked; throws the fact's own error when reading it failed. */
  get<Value>(request: FactRequest<Value>): Value | undefined;
  /** The same for a request that `needs` has named before, so that its absence is a bug of ours. */
  the<Value>(request: FactRequest<Value>): Value;
}

export type Answer = { readonly value: unknown } | { readonly error: AppError };
