// floor-client.mjs CONFIG.json: the least that a Node program can do to run one script on many hosts.
import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';

const { addresses, port, user, identityFile, knownHostsFile, script } = JSON.parse(
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
    let status;
    let bytes = 0;
    client.on('error', reject);
    client.on('close', () => {
      if (status === 0 && bytes > 0) resolve(undefined);
      else reject(new Error(`${address}: status ${status}, ${bytes} bytes`));
    });
    client.on('ready', () => {
      client.exec(script, (error, channel) => {
        if (error) {
          reject(error);
          return;
        }
        channel.on('data', (chunk) => {
          bytes += chunk.length;
        });
        channel.stderr.resume();
        channel.on('close', (code) => {
          status = code;
          client.end();
        });
      });
    });
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
