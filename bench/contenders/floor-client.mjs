// floor-client.mjs CONFIG.json: the least that a Node program can do to run scripts, one after another, on many hosts.
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';

const { addresses, port, user, identityFile, knownHostsFile, scripts } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
);
const key = ssh2.utils.parseKey(readFileSync(identityFile));
const known = new Map(
  readFileSync(knownHostsFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [name, , blob] = line.split(' ');
      return [name, Buffer.from(blob, 'base64')];
    }),
);

function runOn(address) {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let done = 0;
    client.on('error', reject);
    client.on('close', () => {
      if (done === scripts.length) resolve(undefined);
      else reject(new Error(`${address}: ended after ${done} scripts`));
    });
    const next = () => {
      if (done === scripts.length) {
        client.end();
        return;
      }
      client.exec(scripts[done], (error, channel) => {
        if (error) {
          reject(error);
          return;
        }
        let bytes = 0;
        channel.on('data', (chunk) => {
          bytes += chunk.length;
        });
        channel.stderr.resume();
        channel.on('close', (status) => {
          if (status !== 0 || bytes === 0) reject(new Error(`${address}: status ${status}, ${bytes} bytes`));
          done += 1;
          next();
        });
      });
    };
    client.on('ready', next);
    client.connect({
      host: address,
      port,
      username: user,
      authHandler: [{ type: 'publickey', username: user, key }],
      hostVerifier: (presented) => known.get(`[${address}]:${port}`)?.equals(presented) === true,
      readyTimeout: 120_000,
    });
  });
}

await Promise.all(addresses.map(runOn));
