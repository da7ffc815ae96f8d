import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { viewFiles } from '../src/pages/view-files.ts'
import { refusals } from '../src/refusal/refusal.ts'
import { temporaryDirectory } from './setup/temporary.ts'

const root = new URL('..', import.meta.url).pathname

const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))

const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('the source tree', () => {
  it.each([
    ['accounts', '../../login/host.ts'],
    ['accounts', '../../main.ts'],
    ['accounts', '../../services.ts'],
    ['storage', '../../keys/blind-index.ts'],
    ['refusal', '../../pages/request-context.ts'],
    ['login/methods/password', '../../../../http/app.ts'],
    ['login/methods/password', '../../../../account-centre/any.ts'],
    ['login/methods/password', '../../passkey/passkey.ts'],
  ])('refuses an import from src/%s up to %s', (folder, target) => {
    // the linter reads a tree of its own: a test that is killed leaves nothing in src
    const tree = temporaryDirectory()
    cpSync(join(root, 'oxlint.config.ts'), join(tree, 'oxlint.config.ts'))
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    const file = join(tree, 'src', folder, 'planted', 'planted.ts')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `import * as up from '${target}'\n\nexport const used = up\n`)
    const { status, stdout } = spawnSync('oxlint', ['src'], { cwd: tree, encoding: 'utf8' })
    expect(stdout).toContain('no-restricted-imports')
    expect(status).toBe(1)
  })

  it('shows every view it has, and has every view it shows', () => {
    const shown = new Set(
      filesIn('src', '.ts').flatMap((file) =>
        [...read(file).matchAll(/'((?:\w+)\/(?:[\w-]+))',?\n?\s*\{/g)].map(([, v]) => v),
      ),
    )
    const views = [...viewFiles().keys()]
      .filter((view) => view !== 'layout' && !view.startsWith('parts/'))
      // login/sign-in includes the part of each login method, what it signs in for, and its note
      .filter((view) => !view.endsWith('/sign-in') || view === 'login/sign-in')
      .filter((view) => !view.endsWith('/first') && !view.endsWith('/note'))
    expect(
      views.filter(
        (view) => !shown.has(view) && !filesIn('src', '.ts').some((file) => read(file).includes(`'${view}'`)),
      ),
    ).toEqual([])
  })

  it.each([
    ['starts programs', ['src'], /child_process|\bexecFile|\bspawn\(/, []],
    ['makes code of text', ['src', 'browser'], /\beval\(|new Function\(|Function\(\s*['"`]/, []],
    ['draws what is not random', ['src', 'browser'], /Math\.random|pseudoRandomBytes/, []],
    [
      'keeps something in the browser but cookies',
      ['browser', 'views'],
      /localStorage|sessionStorage|indexedDB|caches\.open/,
      [],
    ],
    // it only looks at the certificate, to say what is wrong with it
    [
      'believes any certificate',
      ['src'],
      /rejectUnauthorized|NODE_TLS_REJECT|checkServerIdentity/,
      ['src/admin/doctor/tls.ts'],
    ],
  ])('has nothing that %s', (_what, folders, pattern, allowed) => {
    const files = folders.flatMap((folder) => [...filesIn(folder, '.ts'), ...filesIn(folder, '.eta')])
    expect(files.length).toBeGreaterThan(3)
    expect(files.filter((file) => pattern.test(read(file)))).toEqual(allowed)
  })

  it('documents every refusal', () => {
    const documented = read('docs/errors.md')
    for (const code of Object.keys(refusals)) expect(documented, code).toContain(code)
  })

  it('keeps the order of the folders that ARCHITECTURE.md draws', () => {
    const drawn = [...read('ARCHITECTURE.md').matchAll(/^│ ([a-z-]+)\/ /gm)].map(([, folder]) => folder)
    const linted = /const layers = \[([\s\S]*?)\]/.exec(read('oxlint.config.ts'))?.[1] ?? ''
    const ruled = [...linted.matchAll(/'([a-z-]+)'/g)].map(([, folder]) => folder).filter((name) => name !== 'services')
    expect(drawn).toEqual(ruled)
    const folders = readdirSync(join(root, 'src')).filter((name) => !name.includes('.'))
    expect(new Set(folders)).toEqual(new Set(drawn))
  })
})
