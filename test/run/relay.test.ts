import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyTools } from '../../src/facts/copies/directory-copy.ts';
import { ask, askOf } from '../../src/facts/fact.ts';
import { peer } from '../../src/facts/peer.ts';
import type { Action, Change } from '../../src/operations/engine/change.ts';
import { FactBase, readFacts } from '../../src/run/planning/fact-reader.ts';
import { applyChange, carryOutAlone } from '../../src/run/work/interpret.ts';
import { laptopAt } from '../../src/run/reach/laptop.ts';
import type { Link } from '../../src/run/reach/link.ts';
import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import { crossed } from '../support/crossed.ts';
import { never, testTarget } from '../support/target.ts';
import { errorOf, holder, linkWith } from './links.ts';
import { Wire } from './wire.ts';

let directory = '';
let links: Link[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll relay-'));
});
afterEach(async () => {
  await Promise.all(links.map((link) => link.close()));
  links = [];
  rmSync(directory, { recursive: true, force: true });
});

/** A host, and the way from its step to another one; both are this machine. */
function twoHosts(): { readonly link: Link; readonly wire: Wire } {
  const wire: Wire = new Wire(
    createMemoryTransport({ hosts: { 'web-1': { shell: ['/bin/sh', '-c'] }, there: { shell: ['/bin/sh', '-c'] } } }),
    {},
  );
  const to = (name: string): Link => {
    const made = linkWith({
      transport: wire,
      target: testTarget({ name, stateDirectory: join(directory, `${name}-state`) }),
      reconnectMs: 20_000,
      peer: (other) => Promise.resolve(known(other)),
    });
    links.push(made);
    return made;
  };
  const made = new Map<string, Link>();
  const known = (name: string): Link => {
    const link = made.get(name) ?? to(name);
    made.set(name, link);
    return link;
  };
  const link = known('web-1');
  link.persist();
  return { link, wire };
}

async function carryOut(
  link: Link,
  actions: readonly Action[],
  detach = never,
): Promise<{ readonly said: string; readonly error: unknown }> {
  const change: Change = {
    summary: 's',
    before: {},
    after: {},
    actions,
    undo: 'irreversible',
    atomic: false,
    bindings: {},
  };
  let said = '';
  let number = 0;
  const journal = {
    intent: () => Promise.resolve({ work: { run: 'test', name: String((number += 1)) }, text: '{}' }),
    outcome: () => Promise.resolve(),
  };
  const error: unknown = await applyChange(
    {
      link,
      laptop: laptopAt('/'),
      lock: (unless) => link.lock({ holder, waitMs: 0 }, unless),
      signal: never,
      detach,
      onOutput: (_stream, text) => (said += text),
      onProgress: () => undefined,
      journal,
      carryOut: carryOutAlone,
    },
    change,
  ).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { said, error };
}

const file = (name: string): string => join(directory, name);
const log = (): string => (existsSync(file('log')) ? readFileSync(file('log'), 'utf8') : '');
const relay = (script: string, more: object = {}): Action => ({
  kind: 'relay',
  host: 'there',
  what: 'something',
  script,
  args: [crossed(file('log'))],
  ...more,
});
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGKHi1ZFbX0AGgzNDPC7cUcQkyvTeGR6ZM5WrGtkr5hP plimsoll-copy-1';
const end = { script: 'echo end >>"$1"', args: [] as readonly string[] };

describe('what a step does on another host', () => {
  it('gets what is in a small file of its own host, and is ended in any case, last of all', async () => {
    const { link } = twoHosts();
    writeFileSync(file('public'), `${publicKey}\n`);
    const done = await carryOut(link, [
      relay('cat >>"$1"', { input: file('public'), atEnd: { ...end, args: [file('log')] } }),
      { kind: 'exec', argv: ['/bin/sh', '-c', 'echo copied >>"$1"', 'sh', file('log')] },
    ]);
    expect([done.error, log()]).toEqual([undefined, `${publicKey}\ncopied\nend\n`]);
  });

  it.each([
    ["another host's line", `${publicKey}\n${publicKey}\n`],
    ['no key', 'a key\n'],
    ['an option', `command="id" ${publicKey}\n`],
  ])('is not told %s in its place', async (_what, text) => {
    const { link } = twoHosts();
    writeFileSync(file('public'), text);
    const done = await carryOut(link, [relay('cat >>"$1"', { input: file('public') })]);
    expect([done.error, log()]).toMatchObject([
      {
        code: 'fact-unreadable',
        message: expect.stringMatching(/^what web-1 has as its public key, .* is no public key of SSH$/) as unknown,
      },
      '',
    ]);
  });

  it('is ended when a later action has failed, and when it has failed itself', async () => {
    const { link } = twoHosts();
    const failing = await carryOut(link, [
      relay('echo begun >>"$1"', { atEnd: { ...end, args: [file('log')] } }),
      { kind: 'exec', argv: ['false'] },
    ]);
    expect([failing.error, log()]).toMatchObject([{ code: 'action-failed' }, 'begun\nend\n']);
    const itself = await carryOut(link, [
      relay('echo half >>"$1"; echo why >&2; exit 3', { atEnd: { ...end, args: [file('log')] } }),
    ]);
    expect(itself.error).toMatchObject({
      code: 'action-failed',
      message: expect.stringMatching(/^on there: something: why/) as unknown,
    });
    expect(log()).toBe('begun\nend\nhalf\nend\n');
  });

  it('is not ended when the change goes on without the laptop', async () => {
    const { link } = twoHosts();
    const detach = new AbortController();
    setTimeout(() => {
      detach.abort();
    }, 1500);
    const left = await carryOut(
      link,
      [relay('echo begun >>"$1"', { atEnd: { ...end, args: [file('log')] } }), { kind: 'exec', argv: ['sleep', '4'] }],
      detach.signal,
    );
    expect([(left.error as Error).message, log()]).toEqual([expect.any(String), 'begun\n']);
  });

  it('has a ticket of its host for what must not be done late', async () => {
    const { link } = twoHosts();
    const word = '0123456789abcdef'.repeat(2);
    const done = await carryOut(link, [
      relay('echo "$1" >>"$2"', { ticket: { script: 'printf %s "$1"', args: [crossed(word)] } }),
    ]);
    expect([done.error, log()]).toEqual([undefined, `${word}\n`]);
    const none = await carryOut(link, [relay('echo "$1" >>"$2"', { ticket: { script: 'exit 1', args: [] } })]);
    expect(none.error).toMatchObject({ code: 'action-failed' });
    const false_ = await carryOut(link, [
      relay('echo "$1" >>"$2"', { ticket: { script: "printf '%s' '$(id)'", args: [] } }),
    ]);
    expect([false_.error, log()]).toMatchObject([{ code: 'fact-unreadable' }, `${word}\n`]);
  });

  it('says what could not be cleared away, and does not hide how the change has ended', async () => {
    const { link } = twoHosts();
    const done = await carryOut(link, [relay(':', { atEnd: { script: 'echo no room >&2; exit 1', args: [] } })]);
    expect(done).toEqual({ error: undefined, said: 'on there it could not be cleared away (something): no room\n' });
  });
});

describe('facts of another host', () => {
  it("are asked of that one, beside the step's own; and how it is reached is known without asking", async () => {
    const { link, wire } = twoHosts();
    const base = new FactBase();
    const requests = [ask(copyTools), askOf('there', copyTools), askOf('there', peer, crossed('there'))];
    await readFacts(link, base, () => requests, laptopAt('/'), never);
    expect(requests.map(({ key }) => key)).toEqual(['copy-tools[]', 'copy-tools[]@there', 'peer["there"]@there']);
    expect(base.the(askOf('there', peer, crossed('there')))).toEqual({
      name: 'there',
      hostKey: expect.any(String) as unknown,
      address: '127.0.0.1',
      port: 22,
      user: 'root',
      publicKey: '',
      server: expect.any(String) as unknown,
      runsAs: expect.any(String) as unknown,
    });
    expect(base.the(askOf('there', copyTools))).toEqual(base.the(ask(copyTools)));
    expect(wire.connected).toBe(2);
  });

  it("are not asked of the step's own host by that way", async () => {
    const { link } = twoHosts();
    expect(await errorOf(link.peer('web-1'))).toMatchObject({
      code: 'refused',
      message: 'web-1 is the host of the step itself',
    });
  });
});
