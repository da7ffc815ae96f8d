import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compile } from './compile.ts'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** What a release has of the repository. Never `keys` and `data`: they belong to one installation. */
const folders = ['bin', 'browser', 'config', 'src', 'views', 'docs']
const singleFiles = ['package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'README.md', 'README.en.md']
const own = ['install.sh', 'ready.mjs', 'yideng', 'yideng.service']

const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

/** `sha256sum --check` reads it. Links are not listed: they lead to listed files. */
function checksums(folder: string): string {
  const files = globSync('**', { cwd: folder }).filter((file) => lstatSync(join(folder, file)).isFile())
  return `${files
    .toSorted()
    .map((file) => `${sha256(join(folder, file))}  ${file}`)
    .join('\n')}\n`
}

/** The version, and in a checkout its commit: two builds of one version have different names. */
function releaseName(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
  if (!existsSync(join(repository, '.git'))) return version
  const commit = execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], { cwd: repository, encoding: 'utf8' }).trim()
  return `${version}-${commit}`
}

/** npm would miss the development packages when it lists what is installed. */
function forgetTools(file: string): void {
  const { devDependencies: _, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, `${JSON.stringify(rest, null, 2)}\n`)
}

/**
 * Makes `yideng-<release>-linux-<cpu>.tar.gz` and its checksum: Node.js, the packages of production, the compiled program, a list of
 * its parts (SBOM, CycloneDX 1.5) and `install.sh`.
 * @returns the path of the archive
 */
async function makeBundle(directory: string): Promise<string> {
  const release = releaseName()
  const name = `yideng-${release}-${process.platform}-${process.arch}`
  const work = mkdtempSync(join(tmpdir(), 'yideng-bundle-'))
  try {
    const folder = join(work, name)
    for (const part of [...folders, ...singleFiles])
      cpSync(join(repository, part), join(folder, part), {
        recursive: true,
        filter: (path) => !path.endsWith('/images'),
      })
    for (const file of own) cpSync(join(repository, 'bundle', file), join(folder, file))
    writeFileSync(join(folder, 'RELEASE'), `${release}\n`)
    const npm = (...words: string[]) =>
      execFileSync('npm', words, { cwd: folder, encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 })
    npm('ci', '--omit=dev', '--prefer-offline')
    forgetTools(join(folder, 'package.json'))
    writeFileSync(join(folder, 'sbom.cdx.json'), npm('sbom', '--sbom-format=cyclonedx'))
    await compile(folder)
    writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder))
    const archive = resolve(directory, `${name}.tar.gz`)
    mkdirSync(dirname(archive), { recursive: true })
    const asRoot = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name']
    execFileSync('tar', ['-czf', `${archive}.partial`, ...asRoot, '-C', work, name])
    renameSync(`${archive}.partial`, archive)
    writeFileSync(`${archive}.sha256`, `${sha256(archive)}  ${name}.tar.gz\n`)
    return archive
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const { values } = parseArgs({ options: { to: { type: 'string', default: 'bundles' } } })
console.log(await makeBundle(resolve(repository, values.to)))
