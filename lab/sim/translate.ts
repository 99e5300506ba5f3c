import { Transform } from 'node:stream';
import { privilegedEnvironment } from '../../src/values/privileged-environment.ts';

/**
 * A simulated host has a root directory of its own, but no root rights and so no chroot. Instead the
 * paths in what is sent to it are led below that directory, and the directory's name is taken out of
 * everything that it prints. The scripts stay what they are; only the places that they name differ.
 */
export interface Places {
  /** Absolute, without a slash at its end. */
  readonly root: string;
  /** The machine's own docker must not be found either. */
  readonly withoutDocker: boolean;
}

const led =
  /(?<![A-Za-z0-9_.])\/(?=dev\/mapper\b|etc\/docker\b|root\/\.ssh\b|var\/lib\/(?:docker|plimsoll)\b|(?:var\/)?run\/(?:docker\.pid|plimsoll)|proc\/(?:(?:self|\$[A-Za-z0-9_]+|9000000\d*)\/(?:root|mountinfo)\b|\$\{dockerd\b[^}]*\}\/(?:stat|cmdline)\b))/g;

export function lead(text: string, { root, withoutDocker }: Places): string {
  const there = text
    .replace(led, `${root}/`)
    // What root may do there does not depend on who runs this.
    .replaceAll(/(CapEff:\S+ )(?=\/proc\/self\/status)/g, (before) => `${before}${root}`)
    // Nobody but root can make a block device: here they are files.
    .replaceAll('[ -b ', '[ -e ')
    // A host's own tools come before all others; here the simulated ones stand for them.
    .replaceAll(privilegedEnvironment, 'LC_ALL=C; PATH=$SIM_PATH; export LC_ALL PATH; umask 077');
  return withoutDocker ? there.replaceAll('command -v docker ', 'command -v no-docker-here ') : there;
}

/** Leads line by line, because a path may be cut by the border of two chunks; `lines` of them, and the rest as it is. */
export class LeadLines extends Transform {
  readonly #places: Places;
  #left: number;
  #rest = '';

  constructor(places: Places, lines = Infinity) {
    super();
    this.#places = places;
    this.#left = lines;
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    // latin1 maps bytes to characters one to one, so that nothing is lost of other encodings.
    this.#rest += chunk.toString('latin1');
    for (let end = this.#rest.indexOf('\n'); end >= 0 && this.#left > 0; end = this.#rest.indexOf('\n')) {
      this.#push(lead(this.#rest.slice(0, end + 1), this.#places));
      this.#rest = this.#rest.slice(end + 1);
      this.#left -= 1;
    }
    if (this.#left === 0) this.#flushRest();
    done();
  }

  override _flush(done: () => void): void {
    if (this.#left > 0) this.#rest = lead(this.#rest, this.#places);
    this.#flushRest();
    done();
  }

  #flushRest(): void {
    if (this.#rest !== '') this.#push(this.#rest);
    this.#rest = '';
  }

  #push(text: string): void {
    this.push(Buffer.from(text, 'latin1'));
  }
}

/** Takes the root's name out; holds back only an end that may be the beginning of it. */
export class Unlead extends Transform {
  readonly #root: string;
  #rest = '';

  constructor(root: string) {
    super();
    this.#root = root;
  }

  override _transform(chunk: Buffer, _encoding: string, done: () => void): void {
    const text = (this.#rest + chunk.toString('latin1')).replaceAll(this.#root, '');
    const keep = overlap(text, this.#root);
    this.#rest = text.slice(text.length - keep);
    if (text.length > keep) this.push(Buffer.from(text.slice(0, text.length - keep), 'latin1'));
    done();
  }

  override _flush(done: () => void): void {
    if (this.#rest !== '') this.push(Buffer.from(this.#rest, 'latin1'));
    done();
  }
}

/** The length of the longest end of the text that begins the word. */
function overlap(text: string, word: string): number {
  for (let length = Math.min(text.length, word.length - 1); length > 0; length -= 1) {
    if (text.endsWith(word.slice(0, length))) return length;
  }
  return 0;
}
