import { shell } from '../shell/shell.ts';

/**
 * Shell functions for Docker Compose on a host, for containers that it has made. `find_compose LABEL` sets `tool` (its words) and
 * `release`: of the plugin (`docker compose`) and `docker-compose` the one whose major version the label of the
 * container says, since another one describes the same service in another way.
 * `compose OPTION… VERB…` runs it for `project` in `directory`. It finds its input empty: what it asks, it
 * answers itself, with no.
 * `would OPTION…` prints what it would do about `service` from these files: nothing, when the container with the
 * hash `made` is what it would make. It fails when Compose does.
 */
export const composeFunctions = shell('facts/compose.sh');
