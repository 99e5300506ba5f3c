/** How many members of a service, across hosts, a step may make unavailable at once: a host is a member. */
export interface MaxUnavailable {
  readonly members: number;
  /** Steps of one name share the limit. */
  readonly service: string;
}
