// `docker system dial-stdio`: one request of the Engine API on standard input, its answer on standard output.
import { spawnSync } from 'node:child_process';
import { DaemonError, createContainer } from './create.mjs';

const { SIM_BIN: bin } = process.env;
const reasons = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  500: 'Internal Server Error',
  501: 'Not Implemented',
};

/** The whole request; undefined when the client has closed before, as Go's server then gives it up. */
function request() {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    let whole;
    process.stdin.on('data', (chunk) => {
      all = Buffer.concat([all, chunk]);
      const end = all.indexOf('\r\n\r\n');
      if (end < 0 || whole !== undefined) return;
      const head = all.subarray(0, end).toString();
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (all.length < end + 4 + length) return;
      const [method, target, protocol] = head.split('\r\n')[0].split(' ');
      whole = {
        method,
        url: new URL(target, 'http://docker'),
        protocol,
        body: all.subarray(end + 4, end + 4 + length).toString(),
      };
      // What closes at once with the request has closed too early.
      setTimeout(() => {
        resolve(whole);
      }, 15);
    });
    process.stdin.once('end', () => {
      resolve(undefined);
    });
  });
}

/** Runs a verb of the simulated docker; an error of it is one of the daemon. */
function docker(...args) {
  const { status, stdout, stderr } = spawnSync(`${bin}/docker`, args, { maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  const text = stderr
    .toString()
    .replace(/^Error response from daemon: /, '')
    .trim();
  if (status === 2) process.stderr.write(stderr);
  throw new DaemonError(
    status === 2
      ? 501
      : /no such|could not find/i.test(text)
        ? 404
        : /conflict|in use|cannot remove/i.test(text)
          ? 409
          : 500,
    text,
  );
}

/** Gives status, type and content. */
function answer({ method, url, body }) {
  const [, path] = /^(?:\/v1\.\d+)?(\/.*)$/.exec(url.pathname) ?? [];
  const [, id, what] = /^\/containers\/([^/]+)(\/\w+)?$/.exec(path ?? '') ?? [];
  const json = (status, value) => [status, 'application/json', JSON.stringify(value)];
  if (path === '/_ping' && method === 'GET') return [200, 'text/plain; charset=utf-8', 'OK'];
  if (path === '/containers/create' && method === 'POST') {
    let given;
    try {
      given = JSON.parse(body);
    } catch (error) {
      throw new DaemonError(400, `invalid JSON: ${error.message}`);
    }
    return json(201, { Id: createContainer(url.searchParams.get('name') ?? '', given), Warnings: [] });
  }
  if (what === '/archive' && method === 'GET')
    return [200, 'application/x-tar', docker('cp', `${id}:${url.searchParams.get('path') ?? ''}`, '-')];
  if (what === '/json' && method === 'GET') return json(200, JSON.parse(docker('inspect', id))[0]);
  if (what === undefined && id !== undefined && method === 'DELETE') {
    if (url.searchParams.get('v') === '1') throw new DaemonError(501, 'sim: unsupported: v=1');
    docker('rm', ...(url.searchParams.get('force') === '1' ? ['-f'] : []), '--', id);
    return [204, 'application/json', ''];
  }
  process.stderr.write(`sim: unsupported request: ${method} ${url.pathname}\n`);
  throw new DaemonError(501, `sim: unsupported request: ${method} ${url.pathname}`);
}

const asked = await request();
if (asked !== undefined) {
  let status, type, content;
  try {
    [status, type, content] = answer(asked);
  } catch (error) {
    if (!(error instanceof DaemonError)) throw error;
    [status, type, content] = [error.status, 'application/json', JSON.stringify({ message: error.message })];
  }
  const bytes = Buffer.from(content);
  process.stdout.write(
    Buffer.concat([
      Buffer.from(
        `${asked.protocol} ${status} ${reasons[status]}\r\nApi-Version: 1.41\r\nContent-Type: ${type}\r\nServer: Docker (linux)\r\nContent-Length: ${bytes.length}\r\n\r\n`,
      ),
      bytes,
    ]),
    () => {
      process.exit(0);
    },
  );
}
