import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { refusals } from '../src/refusal/refusal.ts'

const root = new URL('..', import.meta.url).pathname

const filesIn = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))

const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('the house', () => {
  const planted: string[] = []
  afterEach(() => planted.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

  it.each([
    ['accounts', '../../login/host.ts'],
    ['accounts', '../../main.ts'],
    ['storage', '../../keys/blind-index.ts'],
    ['refusal', '../../pages/visit.ts'],
    ['login/password', '../../http/app.ts'],
    ['login/password', '../../account-centre/any.ts'],
  ])('refuses an import from src/%s up to %s', (folder, target) => {
    const place = mkdtempSync(join(root, 'src', folder, 'planted-'))
    planted.push(place)
    writeFileSync(join(place, 'planted.ts'), `import * as up from '${target}'\n\nexport const used = up\n`)
    const { status, stdout } = spawnSync('oxlint', [relative(root, place)], { cwd: root, encoding: 'utf8' })
    expect(stdout).toContain('no-restricted-imports')
    expect(status).toBe(1)
  })

  it('shows every view it has, and has every view it shows', () => {
    const shown = new Set(
      filesIn('src', '.ts').flatMap((file) =>
        [...read(file).matchAll(/'((?:\w+)\/(?:[\w-]+))',?\n?\s*\{/g)].map(([, v]) => v),
      ),
    )
    const views = filesIn('views', '.eta')
      .map((file) => file.slice('views/'.length, -'.eta'.length))
      .filter((view) => view !== 'layout' && !view.startsWith('parts/'))
      // a login method's part of the sign-in page is included under its name
      .filter((view) => !existsSync(join(root, 'src', view)))
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
    const linted = /const house = \[([\s\S]*?)\]/.exec(read('oxlint.config.ts'))?.[1] ?? ''
    const ruled = [...linted.matchAll(/'([a-z-]+)'/g)].map(([, folder]) => folder)
    expect(drawn).toEqual(ruled)
    const folders = readdirSync(join(root, 'src')).filter((name) => !name.includes('.'))
    expect(new Set(folders)).toEqual(new Set(drawn))
  })
})
