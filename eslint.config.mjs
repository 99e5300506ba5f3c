import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** `room` may import only from `allowed` (and from itself); the message gives the reason. */
function zone(room, allowed, reason) {
  const rooms = ['facts', 'operations', 'config', 'plan', 'run', 'cli', 'transport', 'render', 'values', 'main.ts', 'errors.ts'];
  return rooms
    .filter((other) => other !== room && !allowed.includes(other))
    .map((other) => ({ target: `./src/${room}`, from: `./src/${other}`, message: `src/${room} may not import src/${other}: ${reason}` }));
}

const layers = [
  ...zone('values', [], 'values are at the bottom and know nobody.'),
  ...zone('errors.ts', [], 'errors are at the bottom and know nobody.'),
  ...zone('facts', ['errors.ts', 'values'], 'a fact is a command and a parser; what is done about it is decided elsewhere.'),
  ...zone('operations', ['errors.ts', 'values', 'facts'], 'an operation plans from facts; it never reaches a host, a file or a terminal.'),
  ...zone('plan', ['errors.ts', 'values', 'facts', 'operations'], 'a plan is data, computed without effects.'),
  ...zone('config', ['errors.ts', 'values', 'facts', 'operations', 'transport'], 'the configuration is read before anything runs (of transport: the Target type).'),
  ...zone('transport', ['errors.ts', 'values'], 'a transport carries commands; it does not know what for.'),
  ...zone('run', ['errors.ts', 'values', 'facts', 'operations', 'plan', 'config', 'transport'], 'a run is independent of how it was started and how it is shown.'),
  ...zone('render', ['errors.ts', 'values', 'operations', 'plan', 'run'], 'a renderer shows values; it does not read files or hosts (of run: its events and results).'),
  ...zone('cli', ['errors.ts', 'values', 'facts', 'operations', 'plan', 'config', 'transport', 'run', 'render'], 'main.ts is the entry, nothing imports it.'),
];

const once = [
  { group: ['yaml'], message: 'yaml is imported in src/config only, so that every text becomes a typed value at one door.' },
  { group: ['ssh2', 'node-ssh'], message: 'ssh2 and node-ssh are imported in src/transport/ssh only, so that the transport can be exchanged.' },
  { group: ['listr2'], message: 'listr2 is imported in src/render only, so that a run does not depend on a terminal.' },
];
const impure = { group: ['node:*'], message: 'facts, operations and plan are pure: no files, clock, randomness or environment; what they need arrives as facts.' };

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'schemas/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `void promise` says on purpose that nobody waits; forgetting to wait stays an error.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default exports: a thing has one name everywhere.' },
        { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines it.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: layers }],
      'no-restricted-imports': ['error', { patterns: once }],
      'no-restricted-properties': ['error', { object: 'process', property: 'exit', message: 'Only main.ts ends the process.' }],
    },
  },
  { files: ['src/config/**/*.ts'], rules: { 'no-restricted-imports': ['error', { patterns: once.filter(({ group }) => !group.includes('yaml')) }] } },
  { files: ['src/transport/ssh/**/*.ts'], rules: { 'no-restricted-imports': ['error', { patterns: once.filter(({ group }) => !group.includes('ssh2')) }] } },
  { files: ['src/render/**/*.ts'], rules: { 'no-restricted-imports': ['error', { patterns: once.filter(({ group }) => !group.includes('listr2')) }] } },
  { files: ['src/{facts,operations,plan,values}/**/*.ts'], rules: { 'no-restricted-imports': ['error', { patterns: [...once, impure] }] } },
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
  { files: ['src/main.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
