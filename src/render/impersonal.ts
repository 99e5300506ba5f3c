/**
 * A host's text without what is only its own: `<host>`, `<address>`, `<fingerprint>` and `<time>` stand
 * for its name, addresses, keys and moments, so that texts of several hosts that say the same are equal.
 */
export function impersonal(text: string, host: string): string {
  const own = text.includes(host) ? ownOf(host) : anybodys;
  return text.replaceAll(own, (found: string) => {
    if (found === host) return '<host>';
    if (found.startsWith('SHA256:')) return '<fingerprint>';
    return /^\d{4}-/.test(found) ? '<time>' : '<address>';
  });
}

const address = String.raw`(?<address>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]|\.\d))`;
const key = String.raw`(?<key>SHA256:[\w+/=]+)`;
const time = String.raw`(?<time>(?<!\w)\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?(?!\w))`;
/** Of a text that does not name its host: made once, since there may be one for each of ten thousand hosts. */
const anybodys = new RegExp([address, key, time].join('|'), 'g');

function ownOf(host: string): RegExp {
  const literal = host.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const name = String.raw`(?<name>(?<![\w.-])${literal}(?![\w-]|\.\w))`;
  return new RegExp([name, address, key, time].join('|'), 'g');
}
