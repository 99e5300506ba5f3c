/** Where the files of a scenario are. */
export interface Places {
  /** A directory of the host. */
  readonly files: string;
  /** Beside the playbook, on the laptop. */
  readonly laptop: string;
}
