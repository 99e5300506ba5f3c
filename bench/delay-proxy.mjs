// delay-proxy.mjs ROUND_TRIP_MS SERVER_PORT OWN_PORT ADDRESS…: one listener per address, in front of the same address.
import { Socket, createServer } from 'node:net';

const [roundTrip = 0, serverPort = 0, ownPort = 0] = process.argv.slice(2, 5).map(Number);
const addresses = process.argv.slice(5);
const oneWay = roundTrip / 2;

/** Timers of one duration fire in the order in which they were set, so bytes keep theirs. */
function carry(from, to) {
  from.on('data', (chunk) => {
    setTimeout(() => {
      if (to.writable) to.write(chunk);
    }, oneWay);
  });
  from.on('end', () => {
    setTimeout(() => {
      to.end();
    }, oneWay);
  });
  from.on('close', () => {
    setTimeout(() => {
      to.destroySoon();
    }, oneWay);
  });
  from.on('error', () => {
    setTimeout(() => {
      to.destroy();
    }, oneWay);
  });
}

/**
 * The kernel has accepted the client at once. On a real way SYN and SYN-ACK take a round trip before the
 * client can send its first byte, and the server sees the connection half a round trip later.
 */
function accept(client, address) {
  client.setNoDelay(true);
  client.on('error', () => undefined);
  const server = new Socket({ allowHalfOpen: true });
  setTimeout(() => {
    setTimeout(() => {
      server.connect({ host: address, port: serverPort, noDelay: true });
    }, oneWay);
    carry(server, client);
    carry(client, server);
    client.resume();
  }, roundTrip);
}

let listening = 0;
for (const address of addresses) {
  createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    accept(client, address);
  }).listen({ host: address, port: ownPort, backlog: 511 }, () => {
    listening += 1;
    if (listening === addresses.length) process.stdout.write('ready\n');
  });
}
