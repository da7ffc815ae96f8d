import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificate } from '../setup/certificate.ts'
import { cannotRun, parts } from '../setup/parts.ts'
import { emptyMachine } from './empty-machine.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const longEnough = 240_000
const issuer = 'https://login.example.gov.cn'
const password = 'Sunny-Harbour-42'

/** The code block of a guide that has these words. */
function blockOf(guide: string, words: string): string {
  const blocks = [...guide.matchAll(/```\w+\n(.*?)```/gs)].map(([, block = '']) => block)
  const found = blocks.filter((block) => block.includes(words))
  if (found.length !== 1) throw new Error(`${found.length} blocks have ${words}`)
  return found[0] ?? ''
}

/** A shell variable for a row that `client create` printed into a file. */
const row = (variable: string, name: string) => `export ${variable}=$(sed -n 's/^${name} *//p' registered)`

// not every CI may mount
describe.skipIf(!parts.machine.there || cannotRun('nginx'))('from an empty machine to the first sign-in', () => {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-book-'))
  const run = emptyMachine(directory)

  beforeAll(() => {
    execFileSync('chmod', ['755', directory])
    const words = ['--disable-warning=ExperimentalWarning', 'bundle/make.ts', '--to', directory]
    execFileSync(process.execPath, words, { cwd: repository })
    const certificate = makeCertificate('login.example.gov.cn')
    for (const [from, to] of [
      [certificate.cert, 'login.pem'],
      [certificate.key, 'login.key'],
    ] as const)
      copyFileSync(from, join(directory, to))
    writeFileSync(join(directory, 'password.txt'), `${password}\n`)
    // the two lines that each machine has of its own
    writeFileSync(join(directory, 'typed'), `HOST 10.0.0.11\nYIDENG_SERVICE_NAME 广东省统一身份认证\n`)
  }, longEnough)

  afterAll(() => {
    // files of the machine belong to its users
    execFileSync('rm', ['-rf', directory])
    rmSync(directory, { recursive: true, force: true })
  })

  it.each(['docs/deploy.md', 'docs/en/deploy.md'])(
    '%s leads there as it is written',
    { timeout: longEnough },
    async (file) => {
      const guide = readFileSync(join(repository, file), 'utf8')
      const [bundle = '', ...install] = blockOf(guide, './install.sh').split('\n')
      expect(bundle).toMatch(/^npm run bundle/)
      writeFileSync(join(directory, 'yideng.conf'), blockOf(guide, 'proxy_pass'))
      const ended = await run(
        `
      rm -rf yideng-*/
      ip addr add 10.0.0.11/32 dev lo
      echo '127.0.0.1 login.example.gov.cn' >>/etc/hosts
      trap 'kill $(cat "$MACHINE/pid") || :; nginx -s quit || :' EXIT
      ${install.join('\n')}
      echo '== files'
      stat -c '%U:%G %a %n' /etc/yideng/environment /var/lib/yideng /var/lib/yideng/keys/* /var/lib/yideng/data/yideng.sqlite
      echo '== nginx'
      mkdir -p /etc/nginx/tls && cp "$MACHINE/login.pem" "$MACHINE/login.key" /etc/nginx/tls/
      mkdir -p /etc/nginx/conf.d && cp "$MACHINE/yideng.conf" /etc/nginx/conf.d/
      echo 'pid /run/nginx-book.pid; events {} http { include conf.d/*.conf; }' >/etc/nginx/nginx.conf
      mkdir -p /etc/nginx/yideng && nginx
      ${blockOf(guide, 'proxy-page.ts')}
      cat /etc/nginx/yideng/unavailable.html
      echo '== account'
      cd "$MACHINE" && cp password.txt typed-password.txt
      {
      ${blockOf(guide, 'person create').replaceAll('password.txt', 'typed-password.txt')}
      } >registered
      ${row('CLIENT_ID', 'client_id')} ${row('CLIENT_SECRET', 'client_secret')} ${row('REDIRECT_URI', 'redirect_uris')}
      echo '== sign-in'
      "$NODE" "$REPOSITORY/test/bundle/first-sign-in.ts"
      echo '== doctor from another folder'
      cd / && yideng doctor
      `,
        {
          LANG: 'C.UTF-8',
          ISSUER: issuer,
          PASSWORD: password,
          NODE: process.execPath,
          NODE_OPTIONS: '',
          REPOSITORY: repository,
          NODE_EXTRA_CA_CERTS: join(directory, 'login.pem'),
        },
      )
      if (ended.code !== 0) throw new Error(`${ended.out}\n${ended.err}`)
      const [first = '', files = '', page = '', , claims = '', last = ''] = ended.out.split(/^== .*\n/m)
      expect(first).not.toMatch(/^fail/m)
      expect(files.trim().split('\n')).toEqual([
        'root:yideng 640 /etc/yideng/environment',
        'yideng:yideng 700 /var/lib/yideng',
        'yideng:yideng 600 /var/lib/yideng/keys/cookies.json',
        'yideng:yideng 600 /var/lib/yideng/keys/data.json',
        'yideng:yideng 600 /var/lib/yideng/keys/signing.json',
        'yideng:yideng 600 /var/lib/yideng/data/yideng.sqlite',
      ])
      expect(page).toContain('广东省统一身份认证')
      expect(JSON.parse(claims)).toMatchObject({ iss: issuer, amr: ['pwd'] })
      // with the proxy and its name, nothing is left to do
      expect(last).not.toMatch(/^(?:warn|fail)/m)
    },
  )
})
