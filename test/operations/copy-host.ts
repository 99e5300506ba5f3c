import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerUse, Mount } from '../../src/facts/containers/container-uses.ts';
import { containers } from '../../src/facts/containers/containers.ts';
import { containerUsesIfAny } from '../../src/facts/copies/copy-source.ts';
import type { CopyTools } from '../../src/facts/copies/directory-copy.ts';
import { copyTools } from '../../src/facts/copies/directory-copy.ts';
import { ask } from '../../src/facts/fact.ts';
import type { Volume } from '../../src/facts/volumes/volumes.ts';
import { volumes } from '../../src/facts/volumes/volumes.ts';
import { here } from './copy-methods.ts';
import { Answers } from './known.ts';
import { stateIn } from './on-this-machine.ts';

/** A `docker` that knows inspect, stop, start and ps of containers which are a small file each, and what a test wants to happen at a stop. */
const docker = `#!/bin/sh
base=$(dirname "$0")
command=$1; shift
echo "$command $*" >>"$base/called"
case $command in
  stop) for id; do [ -f "$base/$id" ] || { echo "No such container: $id" >&2; exit 1; }; echo false >"$base/$id"; done
    [ ! -f "$base/on-stop" ] || . "$base/on-stop" ;;
  start) [ ! -f "$base/no-start" ] || { echo "no" >&2; exit 1; }
    for id; do [ "$(cat "$base/$id")" = true ] || { echo true >"$base/$id"; echo >>"$base/starts"; }; done ;;
  ps) for at in "$base"/????????????????????????????????????????????????????????????????; do [ "$(cat "$at")" = false ] || echo "\${at##*/}"; done ;;
  inspect) format=
    [ ! -f "$base/on-inspect" ] || . "$base/on-inspect"
    while :; do case $1 in --type) shift 2 ;; --format) format=$2; shift 2 ;; *) break ;; esac; done
    for id; do
      [ -f "$base/$id" ] || { echo "Error: No such container: $id" >&2; exit 1; }
      case $format in *Mounts*) cat "$base/mounts-$id" ;; *) echo "$id $(cat "$base/$id") $(cat "$base/starts" 2>/dev/null | wc -l)" ;; esac
    done ;;
esac
`;

/** Two directories of this machine, a state directory, and containers that exist only on paper. */
export class CopyHost {
  readonly base = mkdtempSync(join(tmpdir(), 'plimsoll-copy-volume-'));
  readonly from = join(this.base, 'from');
  readonly to = join(this.base, 'to');
  readonly #docker = join(this.base, 'docker');
  #uses: readonly Omit<ContainerUse, 'running'>[] = [];
  volumes: readonly Volume[] = [];
  tools: CopyTools = here;

  constructor() {
    for (const directory of [this.from, this.to, this.#docker]) mkdirSync(directory);
    writeFileSync(join(this.#docker, 'docker'), docker);
    chmodSync(join(this.#docker, 'docker'), 0o755);
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }

  /** A container that runs and has one of the directories. */
  container(
    name: string,
    source: string,
    more: Partial<ContainerUse> & { readonly mount?: Partial<Mount> } = {},
  ): string {
    const id = name.charCodeAt(0).toString(16).repeat(32);
    const { mount, ...use } = more;
    this.#uses = [
      ...this.#uses,
      {
        id,
        name,
        startedAt: `2026-11-20T00:00:0${String(this.#uses.length)}Z`,
        mounts: [{ type: 'bind', source, destination: '/data', readOnly: false, propagation: '', ...mount }],
        volumesFrom: [],
        links: [],
        networkMode: 'bridge',
        pidMode: '',
        ipcMode: '',
        autoRemove: false,
        labels: {},
        ...use,
      },
    ];
    writeFileSync(join(this.#docker, id), `${String(more.running ?? true)}\n`);
    writeFileSync(join(this.#docker, `mounts-${id}`), `${source}\n\n`);
    return id;
  }

  runs(id: string): boolean {
    return readFileSync(join(this.#docker, id), 'utf8') === 'true\n';
  }

  set(id: string, running: boolean): void {
    writeFileSync(join(this.#docker, id), `${String(running)}\n`);
  }

  /** What Docker was asked to do, inspections left out. */
  asked(): readonly string[] {
    return readFileSync(join(this.#docker, 'called'), 'utf8')
      .split('\n')
      .filter((line) => /^(stop|start)/.test(line))
      .map((line) => this.#uses.reduce((text, { id, name }) => text.replaceAll(id, name), line));
  }

  /** Shell text that is run at the end of `docker stop`; `$PPID` is the shell that asked for it. */
  onStop(script: string): void {
    writeFileSync(join(this.#docker, 'on-stop'), script);
  }

  cannotStart(is: boolean): void {
    if (is) writeFileSync(join(this.#docker, 'no-start'), '');
    else rmSync(join(this.#docker, 'no-start'));
  }

  readonly lead = (text: string): string =>
    stateIn(join(this.base, 'state'))(text).replaceAll(
      /\bdocker (inspect|stop|start|ps) /g,
      (_, verb: string) => `${join(this.#docker, 'docker')} ${verb} `,
    );

  /** What Docker says; everything else is read from this machine. */
  answers(): Answers {
    const uses = this.#uses.map((use) => ({ ...use, running: this.runs(use.id) }));
    return new Answers()
      .set(ask(containerUsesIfAny), uses)
      .set(ask(volumes), this.volumes)
      .set(ask(copyTools), this.tools)
      .set(
        ask(containers),
        uses.map(({ id, name, running, labels, startedAt, autoRemove }) => ({
          id,
          name,
          image: 'sha256:1',
          labels,
          state: {
            status: running ? 'running' : 'exited',
            running,
            paused: false,
            restarting: false,
            pid: running ? 7 : 0,
            startedAt,
            error: '',
          },
          driver: 'overlay2',
          graph: { MergedDir: join(this.base, 'merged') },
          storageOpt: null,
          autoRemove,
          restart: { name: 'no', maximumRetryCount: 0 },
        })),
      );
  }
}
