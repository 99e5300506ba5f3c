/** Which names an expression may read at its place in the playbook. */
export interface Roots {
  readonly names: ReadonlySet<string>;
  /** Why a name that exists elsewhere cannot be read here. */
  readonly why?: (name: string) => string | undefined;
}
