import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { EtcdOptions } from '../../src/records/etcd-gateway.ts';
import { createEtcdStore } from '../../src/records/etcd-store.ts';
import type { Store } from '../../src/records/store.ts';
import { Secret } from '../../src/values/secret.ts';

const never = new AbortController().signal;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

interface Asked {
  readonly path: string;
  readonly body: string;
  readonly token: string | undefined;
}
type Answer = { readonly status?: number; readonly body: string } | 'hang up' | 'say nothing';

/** Something that answers as etcd's gateway does, or as it should not. */
async function gateway(
  answer: (asked: Asked, number: number) => Answer,
): Promise<{ readonly endpoint: string; readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request
      .setEncoding('utf8')
      .on('data', (text: string) => (body += text))
      .on('end', () => {
        const one = { path: request.url ?? '', body, token: request.headers.authorization };
        asked.push(one);
        const given = answer(one, asked.length);
        if (given === 'say nothing') return;
        if (given === 'hang up') request.socket.destroy();
        else response.writeHead(given.status ?? 200, { 'content-type': 'application/json' }).end(given.body);
      });
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a server that listens has a port');
  return { endpoint: `127.0.0.1:${String(address.port)}`, asked };
}

const stored = (key: string, value: string, revision = '9007199254740993'): string =>
  JSON.stringify({
    header: {},
    kvs: [
      {
        key: Buffer.from(key).toString('base64'),
        mod_revision: revision,
        value: Buffer.from(value).toString('base64'),
      },
    ],
    count: '1',
  });
const store = (endpoints: readonly string[], more: Partial<EtcdOptions> = {}): Store =>
  createEtcdStore({ endpoints, timeoutMs: 2000, ...more });
const user = { name: 'ann', password: new Secret('hush') };

describe('etcd’s JSON gateway', () => {
  it('a transaction that says nothing of its success has lost', async () => {
    const { endpoint, asked } = await gateway(() => ({ body: '{"header":{"revision":"7"}}' }));
    expect(await store([endpoint]).createIfAbsent('k', {}, never)).toBe(false);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      compare: [{ key: 'aw==', target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
      success: [{ request_put: { key: 'aw==', value: 'e30=' } }],
    });
  });

  it('a revision beyond what a number can hold stays as it is', async () => {
    const { endpoint, asked } = await gateway(({ path }) => ({
      body: path.endsWith('txn') ? '{"header":{},"succeeded":true}' : stored('k', '{"is":1}'),
    }));
    const kept = await store([endpoint]).get('k', never);
    expect(kept).toEqual({ key: 'k', value: { is: 1 }, revision: '9007199254740993' });
    expect(await store([endpoint]).compareAndSwap('k', kept?.revision ?? '', {}, never)).toBe(true);
    expect(asked.at(-1)?.body).toContain('"mod_revision":"9007199254740993"');
  });

  it('an endpoint without a leader, one that hangs up and one that says nothing: the next is asked, and asked first from then on', async () => {
    const leaderless = await gateway(() => ({
      status: 503,
      body: '{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}',
    }));
    const cut = await gateway(() => 'hang up');
    const silent = await gateway(() => 'say nothing');
    const good = await gateway(() => ({ body: '{"header":{}}' }));
    const one = store([leaderless.endpoint, cut.endpoint, silent.endpoint, good.endpoint], { timeoutMs: 200 });
    expect(await one.get('k', never)).toBeUndefined();
    expect(await one.get('k', never)).toBeUndefined();
    expect([leaderless, cut, silent, good].map(({ asked }) => asked.length)).toEqual([1, 1, 1, 2]);
    await expect(store([leaderless.endpoint, silent.endpoint], { timeoutMs: 200 }).check(never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringMatching(/no leader; 127.*no answer in time/),
    });
  });

  it('asks for a token once, and again when it is not taken any more', async () => {
    let tokens = 0;
    const { endpoint, asked } = await gateway(({ path, token }) => {
      if (path.endsWith('authenticate')) return { body: `{"header":{},"token":"t${String((tokens += 1))}"}` };
      return token === `t${String(tokens)}` && !(tokens === 1 && asked.length > 3)
        ? { body: '{"header":{}}' }
        : { status: 401, body: '{"error":"etcdserver: invalid auth token","code":16}' };
    });
    const one = store([endpoint], { user });
    await Promise.all([one.get('k', never), one.get('k', never)]);
    expect(tokens).toBe(1);
    expect(await one.get('k', never)).toBeUndefined();
    expect(tokens).toBe(2);
    expect(asked.filter(({ path }) => path.endsWith('range')).map(({ token }) => token)).toEqual([
      't1',
      't1',
      't1',
      't2',
    ]);
  });

  it('goes on where nobody is asked who he is; a password is in no error', async () => {
    const open = await gateway(({ path }) =>
      path.endsWith('authenticate')
        ? { status: 400, body: '{"error":"etcdserver: authentication is not enabled","code":9}' }
        : { body: '{"header":{}}' },
    );
    expect(await store([open.endpoint], { user }).get('k', never)).toBeUndefined();
    expect(open.asked.at(-1)?.token).toBeUndefined();
    const closed = await gateway(() => ({
      status: 400,
      body: '{"error":"etcdserver: authentication failed, invalid user ID or password","code":3}',
    }));
    const error: unknown = await store([closed.endpoint], { user })
      .check(never)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'records-unavailable',
      message: expect.stringContaining('does not let the user ann in'),
    });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('hush');
  });

  it.each([
    ['no JSON', 'hello', 'answers something else than etcd does'],
    ['JSON of another kind', '{"kvs":[{"key":5}]}', 'answers something else than etcd does'],
    ['a value that is no JSON object', stored('plimsoll/x', '5'), 'the value of plimsoll/x is no JSON object'],
  ])('relies on nothing that is %s', async (_what, body, message) => {
    const { endpoint } = await gateway(() => ({ body }));
    await expect(store([endpoint]).list('plimsoll/', never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringContaining(message),
    });
  });

  it('an error whose text is hostile reaches nobody as it is', async () => {
    const { endpoint } = await gateway(() => ({
      status: 400,
      body: JSON.stringify({ error: `\u001b[2J${'x'.repeat(100_000)}\nplimsoll: all is well`, code: 3 }),
    }));
    const error: unknown = await store([endpoint])
      .check(never)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/\u001b|\n/);
    expect(String(error).length).toBeLessThan(500);
  });
});
