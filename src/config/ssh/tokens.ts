/** What the tokens of ssh_config(5) stand for on the way to one host. */
export interface Tokens {
  /** `%d` and `~`: the home directory of the account, whatever HOME says. */
  readonly home: string;
  /** `%h`: where the connection goes. */
  readonly hostname: string;
  /** `%n`: the name that ssh is given. */
  readonly name: string;
  /** `%k`: what its host key is known by. */
  readonly keyName: string;
  /** `%r` */
  readonly user: string;
  /** `%p` */
  readonly port: number;
  /** `%u` */
  readonly localUser: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A token that plimsoll does not expand, or a variable that is not set. */
export class UnknownToken extends Error {}

/** `~`, `%h` and `${NAME}` in the name of a file. `ssh -G` has expanded them in some values, and in others not. */
export function expandTokens(text: string, tokens: Tokens): string {
  const known: Readonly<Record<string, string>> = {
    '%': '%',
    d: tokens.home,
    h: tokens.hostname,
    k: tokens.keyName,
    n: tokens.name,
    p: String(tokens.port),
    r: tokens.user,
    u: tokens.localUser,
  };
  const expanded = text.replaceAll(/%(.?)|\$\{([^}]*)\}/g, (whole, token: string | undefined, variable: string) => {
    const value = token === undefined ? tokens.env[variable] : known[token];
    if (value === undefined)
      throw new UnknownToken(token === undefined ? `\${${variable}} is not set` : `${whole} is not expanded`);
    return value;
  });
  if (/^~[^/\\]/.test(expanded)) throw new UnknownToken(`the home directory in ${expanded} is not looked up`);
  return expanded.startsWith('~') ? tokens.home + expanded.slice(1) : expanded;
}
