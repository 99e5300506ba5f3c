import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Container } from './containers.ts';
import { byHand } from '../../values/shell.ts';

/** Which containers are meant. With both keys, those that match both. */
export interface ContainerSelector {
  /** An exact name, an id, a unique id prefix of at least four digits, or a glob with `*` and `?`. */
  readonly container?: string | undefined;
  /** `key` or `key=value`. */
  readonly label?: string | undefined;
  readonly onlyRunning?: boolean | undefined;
}

export type Selection = { readonly selected: readonly Container[] } | Refusal;

/** The containers meant, at least one, in the order of their names. */
export function selectContainers(all: readonly Container[], selector: ContainerSelector): Selection {
  const { container, label, onlyRunning = false } = selector;
  if (container === undefined && label === undefined)
    return refuse('no container was named', 'give container: (a name, an id or a glob) or label:');
  const named = container === undefined ? { selected: all } : byText(all, container.replace(/^\//, ''));
  if (isRefused(named)) return named;
  const labelled =
    label === undefined ? named.selected : named.selected.filter((candidate) => hasLabel(candidate, label));
  if (labelled.length === 0) return noneHasLabel(named.selected, container, label ?? '');
  const running = onlyRunning ? labelled.filter(({ state }) => state.running) : labelled;
  if (running.length === 0) return noneRuns(labelled);
  return { selected: running.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)) };
}

function byText(all: readonly Container[], text: string): Selection {
  if (/[*?]/.test(text)) {
    const matches = all.filter(({ name }) => matchesGlob(text, name));
    return matches.length > 0
      ? { selected: matches }
      : noMatch(all, text, `no container's name matches ${shown(text)}`);
  }
  const byName = all.find(({ name }) => name === text);
  const byId = /^[0-9a-f]{4,64}$/.test(text) ? all.filter(({ id }) => id.startsWith(text)) : [];
  const meant = new Set(byName === undefined ? byId : [byName, ...byId]);
  if (meant.size > 1) {
    const list = [...meant].map((candidate) => `${candidate.name} (id ${candidate.id.slice(0, 12)})`).join(', ');
    return refuse(`${shown(text)} is ambiguous: it means ${list}`, 'give the full name, or the full id of 64 digits');
  }
  return meant.size === 1 ? { selected: [...meant] } : noMatch(all, text, `there is no container ${shown(text)}`);
}

/** `label` is `key` or `key=value`. */
export function hasLabel({ labels }: Pick<Container, 'labels'>, label: string): boolean {
  const equals = label.indexOf('=');
  const key = equals === -1 ? label : label.slice(0, equals);
  if (!Object.hasOwn(labels, key)) return false;
  return equals === -1 || labels[key] === label.slice(equals + 1);
}

/**
 * `*` any characters, `?` exactly one; everything else is literal. On a mismatch only the last `*`
 * is reconsidered, so a hostile pattern cannot make it slow.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let resume = 0;
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      resume = position;
    } else if (pattern[at] === '?' || pattern[at] === text[position]) {
      at += 1;
      position += 1;
    } else if (star !== -1) {
      at = star + 1;
      position = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

function noMatch(all: readonly Container[], text: string, refused: string): Selection {
  if (all.length === 0)
    return refuse(`${refused}: there are no containers on this host`, 'check the host, or create the container first');
  const near = nearest(
    text,
    all.map(({ name }) => name),
  );
  return refuse(
    refused,
    `did you mean ${near.map((name) => oneLine(name)).join(', ')}? "docker ps -a" on the host lists them all`,
  );
}

function noneHasLabel(candidates: readonly Container[], container: string | undefined, label: string): Selection {
  const which =
    container === undefined
      ? 'no container'
      : `none of the ${String(candidates.length)} that match ${shown(container)}`;
  const keys = [...new Set(candidates.flatMap(({ labels }) => Object.keys(labels)))];
  const remedy =
    keys.length === 0
      ? 'none of them has any label'
      : `labels in use are near: ${nearest(label, keys)
          .map((key) => oneLine(key))
          .join(', ')}`;
  return refuse(`${which} has the label ${shown(label)}`, remedy);
}

function noneRuns(stopped: readonly Container[]): Selection {
  const [first] = stopped;
  const names = stopped.map(({ name, state }) => `${oneLine(name)} is ${state.status}`).join(', ');
  return refuse(`not running: ${names}`, `start it first: ${byHand('docker', 'start', first?.name ?? '')}`);
}

/** At most three, nearest first. */
function nearest(text: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, distance: editDistance(text.slice(0, 64), name.slice(0, 64)) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of Array.from(a).entries()) {
    const current = [row + 1];
    for (const [column, other] of Array.from(b).entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

function shown(text: string): string {
  return `"${oneLine(text, 80)}"`;
}
