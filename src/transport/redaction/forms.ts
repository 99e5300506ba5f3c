import { neutralise } from '../../values/terminal.ts';

/**
 * A secret, or a line of one, that is shorter than this is not looked for: it would blank out every second
 * word. Whoever sets such a secret is warned (config/secrets.ts).
 */
export const shortestSecret = 4;
/** What is parsed (a fact) is refused only for a secret at least as long as this: a shorter one may be an ordinary word of it. */
export const shortestInData = 8;
/** Longer than any encoding of a secret of the longest kind that is read. */
export const longestForm = 128 * 1024;

/** Every way of writing down a secret that is looked for in what a host says. `shortest`: what is shorter is left out. */
export function formsOf(secret: string, shortest: number): readonly string[] {
  const parts = new Set([secret, secret.trim(), ...secret.split(/\r\n|\r|\n/).flatMap((line) => [line, line.trim()])]);
  const forms = new Set(
    [...parts].filter((part) => part.length >= shortest).flatMap((part) => [part, ...escaped(part), ...encoded(part)]),
  );
  return [...forms].filter((form) => form.length >= shortest && form.length <= longestForm);
}

/** As other programs quote it: JSON (and JSON in JSON), URLs, HTML, shells, and our own way of making control characters visible. */
function escaped(text: string): readonly string[] {
  const json = jsonString(text);
  const url = urlEncoded(text);
  // How much of it is encoded differs: encodeURIComponent, RFC 3986, HTML forms, and whoever encodes all but letters and digits.
  const [strict, form, most] = [/[!'()*]/g, /[!'()~]/g, /[^A-Za-z0-9%]/g].map((more) => url.replaceAll(more, percent));
  const urls = [url, strict, form, most]
    .filter((one) => one !== undefined)
    .flatMap((one) => [one, one.replaceAll('%20', '+')]);
  return [
    ...[
      json,
      json.replaceAll('/', '\\/'),
      json.replaceAll(/[<>&]/g, unicodeEscape),
      asciiOnly(json, false),
      asciiOnly(json, true),
      jsonString(json),
    ],
    ...urls,
    ...urls.map((one) => one.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())),
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
    text.replaceAll("'", "'\\''"),
    text.replaceAll(/[^A-Za-z0-9_@%+=:,./-]/g, (character) => `\\${character}`),
    text.replaceAll('\\', '\\\\'),
    ...visible(text),
  ];
}

function jsonString(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function asciiOnly(json: string, upperCase: boolean): string {
  return json.replaceAll(/[\x7f-\uffff]/g, (character) =>
    upperCase ? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}` : unicodeEscape(character),
  );
}

function urlEncoded(text: string): string {
  // A lone surrogate has no encoding; Buffer gives what it would be sent as.
  return encodeURIComponent(Buffer.from(text).toString());
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** As `oneLine` of values/terminal.ts shows it; how a letter is shown there depends on whether a Latin one stands beside it. */
function visible(text: string): readonly string[] {
  const beside = ['', 'x'];
  return beside.flatMap((before) =>
    beside.map((after) => {
      const shown = neutralise(`${before}${text}${after}`).replaceAll('\n', '\\n').replaceAll('\t', ' ');
      return shown.slice(before.length, shown.length - after.length);
    }),
  );
}

/** Lines as the `base64` program and PEM write them. */
const wraps = [76, 64];

function encoded(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  // With the line feed that `echo` puts behind it, too.
  const alone = [bytes, Buffer.concat([bytes, Buffer.from('\n')])].map((one) => one.toString('base64'));
  const wrapped = alone.flatMap((one) => wraps.flatMap((width) => pieces(one, width)));
  const base64 = [
    ...alone,
    ...alone.map((one) => one.replace(/=+$/, '')),
    ...[0, 1, 2].map((shift) => insideBase64(bytes, shift)),
    ...wrapped,
  ];
  return [hex, hex.toUpperCase(), ...base64, ...base64.map(urlSafe)];
}

/**
 * The characters that are the secret's alone where it stands in a longer text that is encoded as a whole,
 * `shift` bytes behind a border of three. Those at either end hold bits of their neighbours too.
 */
function insideBase64(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
  return whole.toString('base64').slice(Math.ceil((shift * 8) / 6), Math.floor((whole.length * 8) / 6));
}

function pieces(text: string, width: number): readonly string[] {
  return text.length <= width
    ? []
    : Array.from({ length: Math.ceil(text.length / width) }, (_, index) =>
        text.slice(index * width, (index + 1) * width),
      );
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
