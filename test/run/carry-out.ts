import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../src/errors.ts';
import type { Action, Change } from '../../src/operations/engine/change.ts';
import type { EffectJournal, Interpreter } from '../../src/run/work/interpreter.ts';
import { applyChange, carryOutAlone } from '../../src/run/work/interpret.ts';
import { laptopAt } from '../../src/run/reach/laptop.ts';
import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import type { MemoryHost } from '../../src/transport/local/memory.ts';
import type { Command } from '../../src/transport/transport.ts';
import { testTarget, never } from '../support/target.ts';
import { holder, linkWith } from './links.ts';
import { Wire } from './wire.ts';

const thisMachine: MemoryHost = { shell: ['/bin/sh', '-c'] };

interface Done {
  readonly journal: readonly string[];
  readonly output: Awaited<ReturnType<typeof applyChange>>;
  readonly error: AppError | undefined;
}

/** Carries out actions on this machine, as one script or one by one. */
export async function carryOut(
  actions: readonly Action[],
  {
    atomic = false,
    signal = never,
    detach = never,
    host = thisMachine,
    before = () => undefined,
  }: {
    atomic?: boolean;
    signal?: AbortSignal;
    detach?: AbortSignal;
    host?: MemoryHost;
    before?: (command: Command, wire: Wire) => void;
  } = {},
): Promise<Done> {
  const state = mkdtempSync(join(tmpdir(), 'plimsoll state-'));
  const wire: Wire = new Wire(createMemoryTransport({ hosts: { 'web-1': host } }), {
    before: (_host, command) => {
      before(command, wire);
    },
  });
  const link = linkWith({ transport: wire, target: testTarget({ stateDirectory: state }), reconnectMs: 20_000 });
  link.persist();
  const journal: string[] = [];
  const change: Change = { summary: 's', before: {}, after: {}, actions, undo: 'irreversible', atomic, bindings: {} };
  const effects: EffectJournal = {
    intent: (which) => {
      journal.push(`intent ${which.join(',')}`);
      return Promise.resolve({ work: { run: 'test', name: which.join('_') }, text: '{}' });
    },
    outcome: (which, ended) => {
      journal.push(`${'error' in ended ? 'failed' : 'done'} ${which.join(',')}`);
      return Promise.resolve();
    },
  };
  try {
    const lock: Interpreter['lock'] = (unless) => link.lock({ holder, waitMs: 0 }, unless);
    const output = await applyChange(
      {
        link,
        laptop: laptopAt('/'),
        lock,
        signal,
        stepTimeoutMs: undefined,
        detach,
        onOutput: () => undefined,
        onProgress: () => undefined,
        journal: effects,
        carryOut: carryOutAlone,
      },
      change,
    );
    return { journal, output, error: undefined };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { journal, output: undefined, error: thrown };
  } finally {
    await link.close();
    rmSync(state, { recursive: true, force: true });
  }
}
