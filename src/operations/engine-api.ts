import { shell } from '../shell/shell.ts';

/**
 * Shell functions for the Engine API on a host that need nothing but its docker command: no curl, no
 * socket path. Whatever context the command uses, the request goes to the same daemon.
 *
 * `engine METHOD PATH [FILE]` sends FILE as JSON (PATH without the version: `/containers/create?name=x`),
 * prints the answer's body, and ends with 0 for 2xx. Otherwise what was answered is on standard error, and
 * the status is 22 (the daemon refused), or 1 (it gave no answer).
 * `engine_json FILE` is its use for small answers of one line.
 *
 * HTTP/1.0, so that the answer is not chunked and the daemon ends the connection after it. Standard input
 * of dial-stdio stays open until then: Go's server takes a half-closed connection for a client that has
 * left, and gives up the request. The body may hold secrets, so it never is an argument; files lie in
 * /run, which no power failure outlives.
 *
 * At most API 1.51: later ones leave out what a faithful copy needs (Config.MacAddress).
 */
export const engineFunctions = shell('operations/engine.sh');
