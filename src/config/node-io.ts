import { execFile } from 'node:child_process';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ConfigIo } from './model/io.ts';
import { runSsh } from './ssh/run-ssh.ts';

/** The real laptop. A secret's command has 30 seconds and the terminal's standard error stays out of it. */
export function nodeConfigIo(env: ConfigIo['env'], signal?: AbortSignal): ConfigIo {
  return {
    env,
    signal,
    platform: process.platform,
    homeDir: env['HOME'] ?? homedir(),
    userName: userInfo().username,
    accountHome: userInfo().homedir,
    askSsh: (args, timeoutMs) => runSsh(args, { env, timeoutMs, signal }),
    readFile: (path) => readFile(path, { signal }),
    fileExists: (path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    listDirectory,
    // Windows has no such permissions.
    fileMode: (path) =>
      process.platform === 'win32'
        ? Promise.resolve(undefined)
        : stat(path).then(
            ({ mode }) => mode & 0o7777,
            () => undefined,
          ),
    runCommand: ([file = '', ...args], { timeoutMs = 30_000, maxBytes = 1024 * 1024, env: more } = {}) =>
      new Promise((resolve, reject) => {
        execFile(
          file,
          args,
          {
            timeout: timeoutMs,
            maxBuffer: maxBytes,
            env: { ...env, ...more },
            ...(signal === undefined ? {} : { signal }),
          },
          (error, stdout, stderr) => {
            if (error === null) resolve({ status: 0, stdout, stderr });
            else if (typeof error.code === 'number') resolve({ status: error.code, stdout, stderr });
            else reject(Object.assign(new Error(error.message), { code: error.code }));
          },
        );
      }),
  };
}

async function listDirectory(path: string): ReturnType<ConfigIo['listDirectory']> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return undefined;
  return await Promise.all(
    entries.map(async (entry) => {
      const kind = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(() => entry) : entry;
      return { name: entry.name, kind: kind.isDirectory() ? 'directory' : 'file' };
    }),
  );
}
