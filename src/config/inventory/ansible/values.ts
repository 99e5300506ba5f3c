import { isObject, type Json } from '../../../values/json.ts';
import { isSecretReference, looksLikeSecret } from '../../../values/secret-reference.ts';
import { asJson } from '../../yaml/as-json.ts';

const yes = new Set(['y', 'yes', 'on', '1', 'true', 't', '1.0']);
const no = new Set(['n', 'no', 'off', '0', 'false', 'f', '0.0']);

/** What Ansible takes for true or false; undefined for what it refuses. */
export function truthOf(value: Json): boolean | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const word = String(value).toLowerCase().trim();
  return yes.has(word) ? true : no.has(word) ? false : undefined;
}

/** What is evaluated by Ansible only. */
const jinja = /\{\{|\{%|\{#/;

export function isJinja(text: string): boolean {
  return jinja.test(text);
}

function marked(value: Json, mark: string): string | undefined {
  if (!isObject(value) || !Object.hasOwn(value, mark)) return undefined;
  const text = value[mark];
  return typeof text === 'string' ? text : undefined;
}

export function isVaulted(value: Json): boolean {
  return (
    marked(value, '__ansible_vault') !== undefined || (typeof value === 'string' && value.startsWith('$ANSIBLE_VAULT;'))
  );
}

export function unsafeText(value: Json): string | undefined {
  return marked(value, '__ansible_unsafe');
}

/** Jinja or a vault anywhere in it; and what would be taken for a reference to a secret, and is none. */
export function whyWithheld(value: Json): string | undefined {
  if (typeof value === 'string')
    return jinja.test(value) ? 'is Jinja, which plimsoll does not evaluate' : isVaulted(value) ? vaulted : undefined;
  if (typeof value !== 'object' || value === null || unsafeText(value) !== undefined) return undefined;
  if (isVaulted(value)) return vaulted;
  if (looksLikeSecret(value))
    return isSecretReference(value)
      ? undefined
      : 'is a mapping with nothing but "secret", which would be taken for a reference';
  for (const inner of Object.values<Json>(value)) {
    const why = whyWithheld(inner);
    if (why !== undefined) return why;
  }
  return undefined;
}

const vaulted =
  'is encrypted (ansible-vault), which plimsoll does not open: ansible-vault decrypt prints what is piped into it, and plimsoll secret encrypt makes a value of that which it does open';

export function withoutMarks(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  const text = unsafeText(value);
  if (text !== undefined) return text;
  if (Array.isArray(value)) return value.map((item: Json) => withoutMarks(item));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutMarks(asJson(inner))]));
}
