import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { whyUnreadable } from '../config/model/io.ts';
import { AppError } from '../errors.ts';
import { Secret } from '../values/secret.ts';
import { oneLine } from '../values/terminal.ts';
import type { EtcdOptions } from './etcd-gateway.ts';
import { createEtcdStore } from './etcd-store.ts';
import { createFileStore } from './file-store.ts';
import type { Store } from './store.ts';

export interface StoreSettings {
  /** From the command line; before the environment's `PLIMSOLL_RECORDS`. */
  readonly records?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where records are kept when nobody says otherwise: in `records` under it. */
  readonly stateDirectory: string;
}

const grammar = 'file:DIRECTORY, etcd://HOST:PORT,… or, with TLS, etcds://HOST:PORT,…';
const endpointPattern = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;

/** Where the records are, as an address that can be written down: absolute, and without any secret. Errors: `usage`. */
export function addressOf({ records, env, stateDirectory }: StoreSettings): string {
  const given = records ?? env['PLIMSOLL_RECORDS'] ?? '';
  if (given === '') return `file:${join(stateDirectory, 'records')}`;
  if (given.startsWith('file:') && given.length > 'file:'.length) {
    const path = given.slice('file:'.length);
    return `file:${isAbsolute(path) ? path : resolve(path)}`;
  }
  endpointsOf(given);
  return given;
}

/** Says nothing to anybody yet. Errors: `usage`, `config` for a file of TLS that cannot be read. */
export function openStore(settings: StoreSettings): Store {
  const address = addressOf(settings);
  if (address.startsWith('file:')) return createFileStore(address.slice('file:'.length));
  return createEtcdStore(etcdOptions(address, settings.env));
}

function etcdOptions(address: string, env: StoreSettings['env']): EtcdOptions {
  const endpoints = endpointsOf(address);
  const { ETCDCTL_USER: who = '', ETCDCTL_PASSWORD: given } = env;
  const [, name = who, inName] = /^([^:]*):(.*)$/s.exec(who) ?? [];
  const password = given ?? inName;
  if (name !== '' && password === undefined)
    throw new AppError('usage', 'ETCDCTL_USER is set, and ETCDCTL_PASSWORD is not', { hint: 'set both, or neither' });
  const user = name === '' || password === undefined ? {} : { user: { name, password: new Secret(password) } };
  return address.startsWith('etcds://') ? { endpoints, tls: tlsOf(env), ...user } : { endpoints, ...user };
}

function endpointsOf(address: string): readonly string[] {
  const [, list = ''] = /^etcds?:\/\/(.+)$/.exec(address) ?? [];
  const endpoints = list.split(',').map((each) => each.replace(/\/$/, ''));
  if (list.includes('@'))
    throw new AppError('usage', 'the address of the records names a user, and would be seen by others', {
      hint: 'set ETCDCTL_USER and ETCDCTL_PASSWORD instead',
    });
  const wrong = endpoints.find((each) => !endpointPattern.test(each));
  if (wrong !== undefined)
    throw new AppError('usage', `"${oneLine(address, 100)}" is no place for records`, {
      hint: `--records and $PLIMSOLL_RECORDS take ${grammar}`,
    });
  return endpoints;
}

function tlsOf({
  ETCDCTL_CACERT: ca,
  ETCDCTL_CERT: cert,
  ETCDCTL_KEY: key,
}: StoreSettings['env']): NonNullable<EtcdOptions['tls']> {
  return {
    ...(ca === undefined ? {} : { ca: pem('ETCDCTL_CACERT', ca) }),
    ...(cert === undefined ? {} : { cert: pem('ETCDCTL_CERT', cert) }),
    ...(key === undefined ? {} : { key: new Secret(pem('ETCDCTL_KEY', key)) }),
  };
}

function pem(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new AppError('config', `${path}, which ${variable} names, could not be read: ${whyUnreadable(thrown)}`, {
      cause: thrown,
    });
  }
}
