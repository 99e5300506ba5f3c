// `docker create …`: the options that are used, as the client makes a request of them.
import { DaemonError, createContainer } from './create.mjs';

const body = { Labels: {}, HostConfig: { Binds: null, Mounts: [] } };
const words = process.argv.slice(2);
let name = '';

function unsupported() {
  process.stderr.write(`sim: unsupported call: docker create ${process.argv.slice(2).join(' ')}\n`);
  process.exit(2);
}

function mountOf(text) {
  const mount = {};
  for (const part of text.split(',')) {
    const [key, value = ''] = part.split('=');
    if (key === 'type') mount.Type = value;
    else if (key === 'src' || key === 'source') mount.Source = value;
    else if (key === 'dst' || key === 'target' || key === 'destination') mount.Target = value;
    else if (key === 'readonly' || key === 'ro') mount.ReadOnly = true;
    else if (key === 'volume-nocopy') mount.VolumeOptions = { NoCopy: true };
    else unsupported();
  }
  return mount;
}

while (words[0]?.startsWith('-')) {
  const [option, inline] = words.shift().split(/=(.*)/s);
  if (option === '--') break;
  const value = inline ?? words.shift();
  if (value === undefined) unsupported();
  if (option === '--name') name = value;
  else if (option === '--network' || option === '--net') body.HostConfig.NetworkMode = value;
  else if (option === '--label' || option === '-l') body.Labels[value.split('=')[0]] = value.split(/=(.*)/s)[1] ?? '';
  else if (option === '--mount') body.HostConfig.Mounts.push(mountOf(value));
  else if (option === '-v' || option === '--volume') body.HostConfig.Binds = [...(body.HostConfig.Binds ?? []), value];
  else if (option === '-e' || option === '--env') body.Env = [...(body.Env ?? []), value];
  else if (option === '--restart')
    body.HostConfig.RestartPolicy = { Name: value.split(':')[0], MaximumRetryCount: Number(value.split(':')[1] ?? 0) };
  else if (option === '--storage-opt') body.HostConfig.StorageOpt = Object.fromEntries([value.split('=')]);
  else unsupported();
}
const [image, ...command] = words;
if (image === undefined) unsupported();
if (body.HostConfig.Mounts.length === 0) delete body.HostConfig.Mounts;
try {
  process.stdout.write(
    `${createContainer(name, { ...body, Image: image, ...(command.length > 0 ? { Cmd: command } : {}) })}\n`,
  );
} catch (error) {
  if (!(error instanceof DaemonError)) throw error;
  process.stderr.write(`Error response from daemon: ${error.message}\n`);
  process.exitCode = 1;
}
