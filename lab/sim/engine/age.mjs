// `age` and `age-keygen -y`, with age's own keys.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { keyBytes, makeHeader, payload, publicBytes, readHeader } from './age-format.mjs';

const [tool, ...args] = process.argv.slice(2);

function fail(message) {
  process.stderr.write(
    `${tool}: error: ${message}\n${tool}: report unexpected or unhelpful errors at https://filippo.io/age/report\n`,
  );
  process.exit(1);
}

function unsupported() {
  process.stderr.write(`sim: unsupported call: ${tool} ${args.join(' ')}\n`);
  process.exit(2);
}

function read(file, opening) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fail(opening);
  }
}

/** Lines that are no comments. */
const lines = (text) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** As age writes it. */
function recipientText(bytes) {
  const bits = [...bytes]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .padEnd(260, '0');
  const digits = Array.from({ length: 52 }, (_, index) => Number.parseInt(bits.slice(index * 5, index * 5 + 5), 2));
  // The prefix `age`, as the checksum counts it.
  const sum =
    [3, 3, 3, 0, 1, 7, 5, ...digits, 0, 0, 0, 0, 0, 0].reduce(
      (now, value) =>
        [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3].reduce(
          (mixed, generator, bit) => ((now >> 25) & (1 << bit) ? mixed ^ generator : mixed),
          ((now & 0x1ffffff) << 5) ^ value,
        ),
      1,
    ) ^ 1;
  return `age1${[...digits, ...[25, 20, 15, 10, 5, 0].map((shift) => (sum >> shift) & 31)].map((digit) => bech32[digit]).join('')}`;
}

async function pass(input, { size, turn }, rest, otherwise) {
  let held = rest;
  const put = async (bytes, last) => {
    const turned = turn(bytes, last);
    if (turned === undefined) fail(otherwise);
    if (!process.stdout.write(turned)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  };
  for await (const more of input) {
    held = Buffer.concat([held, more]);
    // The last chunk is told from the others by what comes after it.
    for (; held.length > size; held = held.subarray(size)) await put(held.subarray(0, size), false);
  }
  await put(held, true);
}

let writing = '';
process.stdout.on('error', ({ code }) => {
  // The real one is ended by the signal.
  if (code === 'EPIPE') process.exit(141);
  fail(`${writing}write /dev/stdout: ${code === 'ENOSPC' ? 'no space left on device' : code}`);
});

if (tool === 'age-keygen') {
  if (args.length !== 2 || args[0] !== '-y') unsupported();
  const keys = lines(
    read(args[1], `failed to open input file "${args[1]}": open ${args[1]}: no such file or directory`),
  );
  if (keys.length === 0) fail('failed to parse input: no secret keys found');
  for (const key of keys) {
    const secret = keyBytes(key, 'age-secret-key-');
    if (secret === undefined) fail('failed to parse input: error at line 1: malformed secret key');
    process.stdout.write(`${recipientText(publicBytes(secret))}\n`);
  }
} else if (args.length === 3 && args[0] === '-d' && args[1] === '-i') {
  const keys = lines(
    read(args[2], `reading "${args[2]}": failed to open file: open ${args[2]}: no such file or directory`),
  );
  if (keys.length === 0) fail(`reading "${args[2]}": failed to read "${args[2]}": no secret keys found`);
  const secrets = keys.map((key) => keyBytes(key, 'age-secret-key-') ?? unsupported());
  const input = process.stdin[Symbol.asyncIterator]();
  let bytes = Buffer.alloc(0);
  // A header for a few keys is far shorter.
  while (bytes.length < 65_536) {
    const { value, done } = await input.next();
    if (done) break;
    bytes = Buffer.concat([bytes, value]);
  }
  const { problem, fileKey, from } = readHeader(bytes, secrets);
  if (problem !== undefined) fail(problem);
  await pass(
    { [Symbol.asyncIterator]: () => input },
    payload(fileKey, bytes.subarray(from, from + 16), true),
    bytes.subarray(from + 16),
    'failed to decrypt and authenticate payload chunk',
  );
} else {
  const given = args.filter((_, index) => index % 2 === 1);
  if (args.length === 0 || args.length % 2 === 1 || args.some((word, index) => index % 2 === 0 && word !== '-r'))
    unsupported();
  const recipients = given.map((one) => keyBytes(one, 'age') ?? unsupported());
  const { fileKey, header } = makeHeader(recipients);
  const nonce = randomBytes(16);
  writing = 'failed to write header: ';
  process.stdout.write(Buffer.concat([header, nonce]), (error) => {
    if (!error) writing = '';
  });
  await pass(process.stdin, payload(fileKey, nonce, false), Buffer.alloc(0), '');
}
