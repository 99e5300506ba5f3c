// Creates a container on a simulated host: what `docker create` and `POST /containers/create` have in common.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refused, detailsOf, linesOf, recordOf } from './record.mjs';

const { SIM_STATE: state, SIM_ROOT: root, SIM_BIN: bin } = process.env;
const hex = (text) => createHash('sha256').update(text).digest('hex');

/** Variables of the host's own file of assignments. */
function hostVariables() {
  return Object.fromEntries(
    readFileSync(join(state, 'host'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [, key, value] = /^([A-Z_]+)='?(.*?)'?$/.exec(line) ?? [];
        return key === undefined ? [] : [[key, value]];
      }),
  );
}

/** What the daemon says when it does not: status and message. */
export class DaemonError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Gives the id. `name` may be empty. */
export function createContainer(name, body) {
  // Paths below the host's directory are known to the host without it.
  const given = JSON.parse(JSON.stringify(body).replaceAll(root, ''));
  const host = hostVariables();
  const counter = join(state, 'next-container');
  const number = Number(readFileSync(counter, 'utf8'));
  writeFileSync(counter, `${number + 1}\n`);
  const id = hex(`${host.HOST} ${number} container`);
  const image = imageOf(given.Image);
  let record;
  try {
    record = recordOf(given, {
      id,
      image,
      version: host.VERSION,
      volumesRoot: `${host.ROOT}/volumes`,
      host: host.HOST,
    });
  } catch (error) {
    if (error instanceof Refused) throw new DaemonError(error.message.startsWith('sim:') ? 501 : 400, error.message);
    throw error;
  }
  const shown = name === '' ? `sim_${number}` : name.replace(/^\//, '');
  const draft = join(state, `new.${process.pid}`);
  mkdirSync(draft);
  try {
    const hash = hex(`${host.HOST} ${number} layer`);
    const common = { ID: id, Id: id, Name: `/${shown}`, Driver: host.DRIVER };
    writeFileSync(
      join(draft, 'static'),
      `c_Name='${shown}'\nc_Hash=${hash}\nc_Device=0\n${Object.entries(common)
        .map(([key, value]) => `f_${key}='${JSON.stringify(value)}'\n`)
        .join('')}${linesOf(record)}`,
    );
    writeFileSync(
      join(draft, 'dynamic'),
      `f_State_Status='"created"' f_State_Running=false f_State_Pid=0 f_State_StartedAt='"0001-01-01T00:00:00Z"' f_State_FinishedAt='"0001-01-01T00:00:00Z"' f_State_ExitCode=0 f_State_Paused=false\nf_State_Error='""'\nc_ByHand=\n`,
    );
    writeFileSync(join(draft, 'details'), `${detailsOf(record, new Date().toISOString())}\n`);
    execFileSync('/bin/sh', [join(bin, 'register.sh'), id, shown, draft], {
      stdio: ['ignore', 'inherit', 'pipe'],
      encoding: 'utf8',
    });
  } catch (error) {
    const [, status, message] = /^(\d{3}) (.*)/s.exec(error.stderr ?? '') ?? [];
    throw status === undefined ? error : new DaemonError(Number(status), message.trim());
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return id;
}

function imageOf(name = '') {
  const directory = join(state, 'images');
  const images = readdirSync(directory).map((id) => [id, readFileSync(join(directory, id), 'utf8').trim()]);
  const wanted = name.replace(/^sha256:/, '');
  const found = images.find(
    ([id, tag]) => id === wanted || (wanted.length >= 12 && id.startsWith(wanted)) || tag === name,
  );
  if (found === undefined) throw new DaemonError(404, `No such image: ${name}`);
  return `sha256:${found[0]}`;
}
