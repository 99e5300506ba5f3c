import { setTimeout as delay } from 'node:timers/promises';
import type { AuthContext } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import type { AskPerson } from '../../../src/transport/ssh/person.ts';
import { createSshTransport } from '../../../src/transport/ssh/ssh-transport.ts';
import type { Connection, Target } from '../../../src/transport/transport.ts';
import { Secret } from '../../../src/values/secret.ts';
import { startTestSshServer, type TestSshServer } from '../../support/ssh-server.ts';
import { never, testTarget } from '../../support/target.ts';

/** Wants the key, or the password, and then what `questions` are answered by; asks so often as there are questions. */
function wanting(
  first: 'publickey' | 'password',
  rounds: readonly { readonly prompt: string; readonly echo?: boolean; readonly right: string }[],
): (context: AuthContext, isKey: boolean) => void {
  return (context, isKey) => {
    if (context.method === 'publickey' && first === 'publickey' && isKey)
      context.reject(['keyboard-interactive'], true);
    else if (context.method === 'keyboard-interactive') {
      const next = (index: number): void => {
        const round = rounds[index];
        if (round === undefined) {
          context.accept();
          return;
        }
        context.prompt([{ prompt: round.prompt, echo: round.echo ?? false }], ([answer]) => {
          if (answer === round.right) next(index + 1);
          else next(index);
        });
      };
      next(0);
    } else context.reject([first === 'publickey' ? 'publickey' : 'keyboard-interactive']);
  };
}

const code = { prompt: 'Verification code: ', right: '123456' };

describe('one-time codes', () => {
  const endings: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function serve(authenticate: (context: AuthContext, isKey: boolean) => void): Promise<TestSshServer> {
    const server = await startTestSshServer({ authenticate });
    endings.push(() => server.stop());
    return server;
  }
  function transportWith(
    askPerson?: AskPerson,
  ): (server: TestSshServer, overrides?: Partial<Target>) => Promise<Connection> {
    const transport = createSshTransport(askPerson === undefined ? {} : { askPerson });
    endings.push(() => transport.close());
    return async ({ address, port, identityFile, knownHostsFile }, overrides = {}) => {
      const connection = await transport.connect(
        testTarget({ address, port, identityFiles: [identityFile], knownHostsFiles: [knownHostsFile], ...overrides }),
        never,
      );
      endings.push(() => connection.close());
      return connection;
    };
  }
  const up = async (connection: Connection): Promise<string> => (await connection.run({ script: 'echo up' })).stdout;

  it('asks a person once, by the name of the host, for what follows the key', async () => {
    const asked: unknown[] = [];
    const connect = transportWith((question, { hidden }) => {
      asked.push([question, hidden]);
      return Promise.resolve('123456');
    });
    expect(await up(await connect(await serve(wanting('publickey', [code]))))).toBe('up\n');
    expect(asked).toEqual([['web-1 asks root: Verification code: ', true]]);
  });

  it('answers the password by itself, and asks only for the code', async () => {
    const asked: string[] = [];
    const connect = transportWith((question) => {
      asked.push(question);
      return Promise.resolve('123456');
    });
    const server = await serve(
      wanting('password', [
        { prompt: 'Password: ', right: 'the password' },
        { prompt: 'One-time password (OATH) for `root`: ', right: '123456' },
      ]),
    );
    const target = { identityFiles: [], password: new Secret('the password') };
    expect(await up(await connect(server, target))).toBe('up\n');
    expect(asked).toEqual(['web-1 asks root: One-time password (OATH) for `root`: ']);
  });

  it('lets one host ask at a time, and the others begin their login when it is their turn', async () => {
    let asking = 0;
    const most: number[] = [];
    const connect = transportWith(async () => {
      asking += 1;
      most.push(asking);
      await delay(20);
      asking -= 1;
      return '123456';
    });
    const servers = await Promise.all([1, 2, 3, 4].map(() => serve(wanting('publickey', [code]))));
    const connections = await Promise.all(servers.map((server) => connect(server)));
    expect(await Promise.all(connections.map(up))).toEqual(servers.map(() => 'up\n'));
    expect(most).toEqual([1, 1, 1, 1]);
  });

  it('does not ask again for what was wrong', async () => {
    let asked = 0;
    const connect = transportWith(() => {
      asked += 1;
      return Promise.resolve('wrong');
    });
    await expect(connect(await serve(wanting('publickey', [code])))).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringContaining('asks root again: what was answered was wrong') as unknown,
    });
    expect(asked).toBe(1);
  });

  it('lets the time of the host stand still meanwhile', async () => {
    const connectTimeoutMs = 1500;
    const connect = transportWith(async () => {
      await delay(connectTimeoutMs + 200);
      return '123456';
    });
    expect(await up(await connect(await serve(wanting('publickey', [code])), { connectTimeoutMs }))).toBe('up\n');
  });

  it('asks no longer when the host has gone', async () => {
    const server = await serve(wanting('publickey', [code]));
    const connect = transportWith((_question, { signal }) => {
      const gone = new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      });
      server.cut();
      return gone;
    });
    await expect(connect(server)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('closed the connection during the login') as unknown,
    });
  });

  it.each(['New password: ', '[sudo] password for root: ', 'Password: '])(
    'asks nobody for %j, which a host has no need of',
    async (prompt) => {
      const connect = transportWith(() => Promise.reject(new Error('asked')));
      await expect(connect(await serve(wanting('publickey', [{ prompt, right: '' }])))).rejects.toMatchObject({
        code: 'auth-failed',
        message: expect.stringContaining(JSON.stringify(prompt.trim())) as unknown,
      });
    },
  );

  it('says what is wanted where nobody can be asked', async () => {
    const connect = transportWith();
    await expect(connect(await serve(wanting('publickey', [code])))).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringMatching(/key .* was right, and the server wants keyboard-interactive as well/) as unknown,
      hint: expect.stringContaining('terminal') as unknown,
    });
  });
});
