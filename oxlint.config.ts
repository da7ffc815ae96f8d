import { defineConfig, type OxlintOverride } from 'oxlint'

/** The folders of src from top to bottom: a file imports only from its own folder and from folders below it (ARCHITECTURE.md). */
const layers = [
  'wiring',
  'cli',
  'http',
  'admin',
  'services',
  'jobs',
  'account-centre',
  'registration',
  'recovery',
  'login',
  'protocols',
  'oidc',
  'representation',
  'sessions',
  'guards',
  'clients',
  'upstreams',
  'assurance',
  'accounts',
  'channels',
  'proofing',
  'audit',
  'keys',
  'storage',
  'pages',
  'config',
  'refusal',
  'text',
]

const forbid = (regex: string, message: string): NonNullable<OxlintOverride['rules']> => ({
  'no-restricted-imports': ['error', { patterns: [{ regex, message }] }],
})

const layerRules = layers.map((layer, depth) => ({
  files: [layer === 'services' ? 'src/services.ts' : `src/${layer}/**/*.ts`],
  rules: forbid(
    `^(\\.{1,2}/)+(main\\.ts|(${layers.slice(0, depth).join('|') || 'main'})(/|\\.ts))`,
    `src/${layer} imports only from its own folder and from folders below it.`,
  ),
}))

const above = (allowed: string[]) => layers.filter((layer) => !allowed.includes(layer)).join('|')

/** Files of a login method: `up` leads from them to src/login/methods, where the other methods are. */
const methodRule = (files: string, up: string) => ({
  files: [files],
  rules: forbid(
    `^${up}[^.]|^(\\.\\./)+(main\\.ts|(cli|http|admin|jobs|account-centre|registration|recovery)/)`,
    'A login method imports the interface and folders below login/, never another method.',
  ),
})

export default defineConfig({
  plugins: ['typescript', 'import', 'promise', 'node', 'unicorn'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  rules: {
    'no-console': 'error',
    'no-await-in-loop': 'off',
    'import/no-cycle': 'error',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default': 'off',
    'import/no-named-as-default-member': 'off',
    'no-underscore-dangle': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/unbound-method': 'off',
    'typescript/no-misused-spread': 'off',
    'typescript/no-unnecessary-type-parameters': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/require-module-specifiers': 'off',
    'unicorn/require-post-message-target-origin': 'off', // threads are not windows
    'unicorn/prefer-add-event-listener': 'off',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'Time is a parameter: take a Clock.' },
      { object: 'Math', property: 'random', message: 'Use node:crypto.' },
    ],
    'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
  },
  overrides: [
    ...layerRules,
    {
      // data that folders below login/ read: it imports nothing but data and types
      files: ['src/login-methods.ts'],
      rules: forbid(
        `^\\./(main|(${above(['login', 'config'])})(/|\\.ts))|^\\./login/[^m]|/(method|create)\\.ts$`,
        'The list of login methods imports their declarations only.',
      ),
    },
    methodRule('src/login/methods/*/*.ts', '\\.\\./'),
    methodRule('src/login/methods/*/*/*.ts', '\\.\\./\\.\\./'),
    {
      files: ['src/login/methods/*/declaration.ts', 'src/login/methods/*/settings.ts'],
      rules: forbid(
        `^\\./([^s]|s[^e])|^(\\.\\./){1,2}[^.]|^(\\.\\./)+(main|(${above(['config'])})(/|\\.ts))`,
        'The declaration of a login method is data: it imports settings.ts and the types of config/ only.',
      ),
    },
    {
      files: [
        'bin/*.mjs',
        'src/main.ts',
        'src/http/start.ts',
        'src/cli/**/*.ts',
        'test/**/*.ts',
        'test/setup/*.mjs',
        'bench/**/*.ts',
        'bundle/*.{ts,mjs}',
        'examples/**/*.ts',
        'examples/**/*.mjs',
        '.ci/*.ts',
        'docs/**/*.ts',
      ],
      rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
    },
  ],
})
