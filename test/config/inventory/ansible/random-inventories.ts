import fc from 'fast-check';

const groupNames = ['web', 'db', 'a-b', 'Zeta', 'mid', 'h1'];
const hostNames = ['h1', 'h2', 'db-[a:c]', 'n[01:05:2].lan', 'x.example.com:2201', '10.0.0.7', 'h[:2]', 'u_1'];
const iniValues = {
  ansible_host: ['10.1.2.3', '"10.1.2.4"', 'gate.lan', "'x.lan'"],
  ansible_port: ['2022', '"2023"', '0x7e8', '1_022', '2024 # moved'],
  ansible_user: ['ops', '"root"', "'two'", 'dep-loy'],
  ansible_ssh_user: ['legacy', 'old'],
  ansible_become: ['true', 'True', 'yes', 'no', '0', '"on"', 'False', 'y'],
  ansible_group_priority: ['1', '10', '5'],
  tier: ['1', '1.5', '"x"', "[1, 'a', None]", "{'a': True}", 'true', 'plain text', '010'],
};
const yamlValues = {
  ansible_host: ['10.1.2.3', '"10.1.2.4"', 'gate.lan'],
  ansible_port: ['2022', '"2023"', '03746', '0x7e8'],
  ansible_user: ['ops', 'root', '"two"'],
  ansible_ssh_user: ['legacy', 'old'],
  ansible_become: ['true', 'yes', '"True"', 'no', 'off', '"n"', 'y'],
  tier: ['1', '1.5', 'on', '"on"', '[1, a, ~]', '{ a: yes }', 'plain text', '010', '08', '22:22'],
};

/** Settings as `name=value`, of which some stand in quotes of the line's own. */
function settings(values: Readonly<Record<string, readonly string[]>>, join: string): fc.Arbitrary<readonly string[]> {
  return fc
    .uniqueArray(
      fc
        .constantFrom(...Object.entries(values))
        .chain(([name, some]) => fc.constantFrom(...some).map((value) => [name, value] as const)),
      { maxLength: 3, selector: ([name]) => name },
    )
    .map((found) => found.map(([name, value]) => `${name}${join}${value}`));
}

const blank = fc.constantFrom('', '\n', '# a comment\n', '; another\n', '   \n');
const section = fc
  .tuple(fc.constantFrom(...groupNames), fc.constantFrom('', '', '', ':vars', ':children'), blank)
  .chain(([name, kind, before]) => {
    const head = `${before}[${name}${kind}]`;
    if (kind === ':vars') return settings(iniValues, '=').map((lines) => [head, ...lines]);
    if (kind === ':children')
      return fc.uniqueArray(fc.constantFrom(...groupNames), { maxLength: 2 }).map((lines) => [head, ...lines]);
    return fc
      .array(
        fc
          .tuple(fc.constantFrom(...hostNames), settings({ ...iniValues, tier: ['1', '"x y"', 'a#b'] }, '='))
          .map(([host, vars]) => [host, ...vars.map((one) => one.replace(/ #.*/, ''))].join(' ')),
        { maxLength: 3 },
      )
      .map((lines) => [head, ...lines]);
  });
const ini = fc
  .tuple(fc.array(section, { minLength: 1, maxLength: 7 }), fc.constantFrom('\n', '\r\n'))
  .map(([sections, end]) =>
    // Every group is there, so that most of them are read at all.
    [...sections.flat(), ...groupNames.map((name) => `[${name}]`), ''].join('\n').replaceAll('\n', end),
  );

const yamlVars = settings(yamlValues, ': ');
const yamlGroup = fc.record({
  hosts: fc.uniqueArray(fc.tuple(fc.constantFrom(...hostNames), yamlVars), {
    maxLength: 3,
    selector: ([name]) => name,
  }),
  vars: yamlVars,
  children: fc.uniqueArray(fc.constantFrom(...groupNames), { maxLength: 2 }),
});
const yaml = fc
  .uniqueArray(fc.tuple(fc.constantFrom('all', ...groupNames), yamlGroup), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name,
  })
  .map((groups) =>
    groups
      .flatMap(([name, { hosts, vars, children }]) => [
        `${name}:`,
        '  hosts:',
        ...hosts.flatMap(([host, own]) => [`    "${host}":`, ...own.map((one) => `      ${one}`)]),
        '  vars:',
        ...vars.map((one) => `    ${one}`),
        '  children:',
        ...children.map((child) => `    ${child}:`),
        '',
      ])
      .join('\n'),
  );

const varsFile = yamlVars.map((lines) => ['---', ...lines, ''].join('\n'));
/** Files by their paths, of which `source` is given as the inventory; those below `playbook` lie beside a playbook. */
export const randomInventory = fc
  .record({
    inventory: fc.oneof(
      ini.map((text) => [['hosts', text]] as const),
      yaml.map((text) => [['hosts.yaml', text]] as const),
      fc.tuple(ini, yaml).map(
        ([one, two]) =>
          [
            ['inv/01-hosts', one],
            ['inv/02-more.yml', two],
            ['inv/x.md', 'no'],
          ] as const,
      ),
    ),
    beside: fc.dictionary(
      fc.constantFrom(
        'group_vars/all.yml',
        'group_vars/web',
        'group_vars/db/a.yml',
        'group_vars/db/b.yaml',
        'group_vars/ungrouped.yml',
        'host_vars/h1.yml',
        'host_vars/h2/x',
        'host_vars/db-a.json',
      ),
      varsFile,
      { maxKeys: 4 },
    ),
    playbook: fc.dictionary(
      fc.constantFrom('group_vars/all/x.yml', 'group_vars/mid.yml', 'host_vars/h2.yaml'),
      varsFile,
      { maxKeys: 2 },
    ),
  })
  .map(({ inventory, beside, playbook }) => {
    const isDirectory = inventory.length > 1;
    return {
      source: isDirectory ? 'inv' : inventory[0][0],
      files: new Map<string, string>([
        ...inventory,
        ...Object.entries(beside).map(
          ([file, text]) => [isDirectory ? `inv/${file}` : file, jsonOf(file, text)] as const,
        ),
        ...Object.entries(playbook).map(([file, text]) => [`playbook/${file}`, text] as const),
      ]),
    };
  });

function jsonOf(file: string, text: string): string {
  return file.endsWith('.json') ? '{"ansible_port": 2999, "tier": {"a": null}}\n' : text;
}
