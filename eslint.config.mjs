import tseslint from 'typescript-eslint';

const rooms = [
  'cli',
  'config',
  'facts',
  'operations',
  'plan',
  'records',
  'render',
  'run',
  'shell',
  'survey',
  'transport',
  'values',
];

/** What each room may import beside itself, and the reason that the linter gives. Everybody may import `errors.ts` but `values`. */
const layers = {
  values: { may: [], reason: 'values are at the bottom and know nobody.' },
  shell: { may: ['values'], reason: 'it renders texts of shell, and knows nothing of what they are for.' },
  facts: {
    may: ['shell', 'values'],
    reason: 'a fact is a command and a parser; what is done about it is decided elsewhere.',
  },
  operations: {
    may: ['shell', 'values', 'facts'],
    reason: 'an operation plans from facts; it never reaches a host, a file or a terminal.',
  },
  survey: {
    may: ['values', 'facts', 'operations'],
    reason:
      'a survey is computed from facts; it never reaches a host, a file or a terminal (of operations: how a container’s root file system is found).',
  },
  plan: { may: ['values', 'facts', 'operations'], reason: 'a plan is data, computed without effects.' },
  config: {
    may: ['values', 'facts', 'operations', 'transport'],
    reason: 'the configuration is read before anything runs (of transport: the Target type).',
  },
  transport: { may: ['shell', 'values'], reason: 'a transport carries commands; it does not know what for.' },
  run: {
    may: ['shell', 'values', 'facts', 'operations', 'survey', 'plan', 'config', 'transport'],
    reason: 'a run is independent of how it was started and how it is shown.',
  },
  records: {
    may: ['values', 'facts', 'operations', 'plan', 'config', 'run'],
    reason: 'records are kept beside a run, behind an interface that the run has (of run: that interface).',
  },
  render: {
    may: ['values', 'operations', 'survey', 'plan', 'records', 'run'],
    reason:
      'a renderer shows values; it does not read files or hosts (of run and records: their events, results and values).',
  },
  cli: { may: rooms, reason: 'main.ts is the entry; nothing imports it.' },
};

const once = {
  yaml: {
    regex: '^(js-)?yaml$',
    message: 'yaml and js-yaml are imported in src/config only, so that every text becomes a typed value at one door.',
  },
  ssh: {
    regex: '^(ssh2|node-ssh)$',
    message: 'ssh2 and node-ssh are imported in src/transport/ssh only, so that the transport can be exchanged.',
  },
  age: {
    regex: '^age-encryption$',
    message:
      'age-encryption is imported in src/config/age/age.ts only, which is loaded when an encrypted value is met, and not before.',
  },
  listr2: {
    regex: '^listr2$',
    message: 'listr2 is imported in src/render only, so that a run does not depend on a terminal.',
  },
};
const written = {
  regex: '^node:fs',
  importNames: [
    'writeFile',
    'writeFileSync',
    'appendFile',
    'appendFileSync',
    'copyFile',
    'copyFileSync',
    'cp',
    'createWriteStream',
  ],
  message:
    'a file on this machine is written beside its place, in src/run/reach/beside.ts, or newly made by durable-files.ts: nothing is opened through a link that somebody has put there.',
};
/** Where that is done; and events.jsonl, in the directory of the run that was made just before. */
const writers = { run: ['src/run/reach/beside.ts', 'src/run/report/event-log.ts'] };
const impure = {
  regex: '^node:',
  message:
    'facts, operations, survey, plan and values are pure: no files, clock, randomness or environment; what they need arrives as facts.',
};
const quoted = {
  regex: 'values/shell\\.ts$',
  importNames: ['quote'],
  message:
    'Texts of shell are put together by src/shell/render.ts; in a script a value is "$1" or a variable at its top.',
};
/** Whoever makes the text that a shell reads, or shows it. */
const quoters = { run: ['compile.ts', 'shown.ts'], all: ['shell', 'transport', 'render', 'cli'] };
const pureRooms = ['facts', 'operations', 'plan', 'survey', 'values'];

const everywhere = [
  { selector: 'ExportDefaultDeclaration', message: 'No default exports: a thing has one name everywhere.' },
  { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines it.' },
];

/** What must have one place in the source, seen from its text. */
const onePlace = [
  {
    selector: ':matches(Literal[value=/(^|[ ;\\n])PATH=/], TemplateElement[value.raw=/(^|[ ;\\n])PATH=/])',
    message:
      'A shell of ours begins with privilegedEnvironment (src/values/privileged-environment.ts): the system’s programs come first.',
  },
  {
    selector: 'CallExpression[callee.name="createSshTransport"]',
    message:
      'Commands reach hosts by sshTransport (src/cli/ssh-transport.ts), which says when the ssh-agent is gone on without.',
  },
  {
    selector: 'MemberExpression[object.name="client"][property.name=/^(exec|shell|forwardOut|sftp|subsys)$/]',
    message: 'A channel is opened by openExecChannel or forward, within a Deadline: a server may never confirm it.',
  },
];

/** A file of the source is one thing. What is longer is two of them, or more. */
const longest = 300;
/** To be divided; whoever has done it takes the line out. */
const tooLong = ['src/run/journal/begun-changes.ts', 'src/transport/remote-shell/command-shell.ts'];

function linesAtMost(max) {
  return { 'max-lines': ['error', { max, skipBlankLines: false, skipComments: false }] };
}

/** A command in a message is pasted into a shell, and what a host calls its things stands in it. Scripts have nothing of the kind: their values are "$1". */
const pasted = {
  selector:
    'TemplateElement[tail=false][value.raw=/(^|[ (;:"])(docker (start|stop|restart|kill|rm|pause|unpause|tag|cp|logs|rename|inspect|volume (rm|create|inspect))|systemctl [a-z-]+|dmsetup (table|info|clear|resume|suspend|remove)|lvchange [^;:]*|lvs -a|thin_(check|repair)( -[^ ]+)*|ch(own|mod|grp) [^ ]+|blockdev --[a-z0-9]+|xfs_io [^;:]*|xfs_quota [^;:]*|df|ls -[a-z]+|stat|etcdctl get|ssh|plimsoll (resume|rollback|finalize|runs|history|records [a-z]+|scaled [a-z]+|restore-version [a-z]+)) $/]',
  message:
    'A command to paste is made by byHand() of values/shell.ts: what a host, a file or a record calls a thing must stay one word of it.',
};

/** Shell text about directories that containers may write to. */
const entered = [
  [String.raw`/find "[$][^"]*" -xdev -mindepth 1 -delete/`, 'is emptied'],
  [String.raw`/stat (-L )?-c ['"]?%d:%i['"]? -- /`, 'is compared with what was planned'],
  [String.raw`/(chown|chmod) -R /`, 'is given away with all that is in it'],
].map(([pattern, what]) => ({
  selector: `:matches(TemplateElement[value.cooked=${pattern}], Literal[value=${pattern}])`,
  message: `Go into it first (enter, in facts/host/entered-directory.ts), then say ".": by its path, a directory that ${what} may be another one by then.`,
}));

/** Two lines or more of it: what no other tool reads, nobody checks. */
const shellInString = {
  selector:
    ':matches(TemplateElement[value.cooked=/\\n *(if \\[|for \\w+ (in|do)|while |case .* in|trap |exec |esac|done|fi$)/], Literal[value=/\\n *(if \\[|for \\w+ (in|do)|while |case .* in|trap |exec |esac|done|fi$)/])',
  message:
    'A script lies in a .sh file beside what uses it (src/shell/shell.ts), where ShellCheck and whoever reads it see it.',
};

const inSource = [...everywhere, pasted, shellInString, ...entered];

function restricted(patterns) {
  return { 'no-restricted-imports': ['error', { patterns }] };
}

/** The rules of one room. Paths in imports are relative, so a room is known by the folder that they climb into. */
function layer([room, { may, reason }]) {
  const forbidden = rooms.filter((other) => other !== room && !may.includes(other));
  const patterns = [
    {
      regex: `^(\\.\\./)+(${[...forbidden, 'main\\.ts', ...(room === 'values' ? ['errors\\.ts'] : [])].join('|')})`,
      message: `src/${room} may not import that: ${reason}`,
    },
    ...(room === 'config' ? [] : [once.yaml]),
    ...(room === 'render' ? [] : [once.listr2]),
    once.age,
    ...(pureRooms.includes(room) ? [impure] : []),
    ...(quoters.all.includes(room) ? [] : [quoted]),
  ];
  return [
    {
      files: [`src/${room}/**/*.ts`],
      rules: restricted([...patterns, once.ssh, ...(pureRooms.includes(room) ? [] : [written])]),
    },
    ...(room === 'run'
      ? [
          {
            files: quoters.run.map((file) => `src/run/**/${file}`),
            rules: restricted([...patterns.filter((one) => one !== quoted), once.ssh, written]),
          },
        ]
      : []),
    ...(room === 'config'
      ? [
          {
            files: ['src/config/age/age.ts'],
            rules: restricted([...patterns.filter((one) => one !== once.age), once.ssh, written]),
          },
        ]
      : []),
    ...(room in writers ? [{ files: writers[room], rules: restricted([...patterns, once.ssh]) }] : []),
    ...(room === 'transport'
      ? [{ files: ['src/transport/ssh/**/*.ts'], rules: restricted([...patterns, written]) }]
      : []),
  ];
}

export default tseslint.config(
  { ignores: ['.lab/', 'dist/', 'node_modules/', 'coverage/', 'schemas/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `void promise` says on purpose that nobody waits; forgetting to wait stays an error.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...everywhere],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      ...linesAtMost(longest),
      'no-restricted-syntax': ['error', ...inSource, ...onePlace],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Only main.ts ends the process.' },
      ],
    },
  },
  { files: tooLong, rules: linesAtMost(400) },
  {
    // The places themselves.
    files: [
      'src/values/privileged-environment.ts',
      'src/cli/ssh-transport.ts',
      'src/transport/ssh/{exec-channel,bastions}.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', ...inSource] },
  },
  {
    files: ['src/facts/**/*.ts', 'src/operations/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...inSource,
        ...onePlace,
        {
          selector:
            'TemplateElement[value.raw=/docker( image| volume| network| container)? inspect[^\\n|;&]*2>.dev.null/]',
          message:
            'A reading tells its own error: what is not there is one thing, what could not be read another (operations/containers/replace/inspect.sh).',
        },
      ],
    },
  },
  ...Object.entries(layers).flatMap(layer),
  {
    // Programs for people who work on plimsoll: they print, and they talk to qemu and ssh, whose answers and callbacks the types do not see.
    files: ['lab/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  },
  {
    // Vitest's asymmetric matchers (expect.any, expect.stringMatching) are typed any.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/lab/**', 'test/faults/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...everywhere,
        {
          selector:
            'MemberExpression:matches([property.name=/^(skipIf|runIf)$/], [object.name=/^(it|describe)$/][property.name=/^(skip|todo|only)$/])',
          message:
            'No silent skip: what a test needs is named in its tags (test/support/needs.ts), and told of when it is not here.',
        },
      ],
    },
  },
  { files: ['src/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
