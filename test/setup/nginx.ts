import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'
import { parts } from './parts.ts'

export const noNginx = !parts.nginx.there

/** The configuration in docs/deploy.md, with the names, ports and files of a test. */
export function documentedNginx(
  port: number,
  upstreams: readonly number[],
  certificate: { key: string; cert: string },
): string {
  const root = new URL('../../', import.meta.url)
  const guide = readFileSync(new URL('docs/deploy.md', root), 'utf8')
  const [, block = ''] = /```nginx\n([^]*?)```/.exec(guide) ?? []
  return (
    block
      .replace(
        /( *server )10\.0\.0\.11:3000(.*\n) *server 10\.0\.0\.12:3000.*\n/,
        (_all, before: string, after: string) =>
          upstreams.map((upstream) => `${before}127.0.0.1:${upstream}${after}`).join(''),
      )
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('login.example.gov.cn', 'localhost')
      // the guide uses the default port, which addresses leave out
      .replaceAll('Host $host;', `Host $host:${port};`)
      .replace('/etc/nginx/tls/login.pem', certificate.cert)
      .replace('/etc/nginx/tls/login.key', certificate.key)
      .replace('/etc/nginx/yideng', new URL('docs/proxy', root).pathname)
  )
}

/** Runs nginx until the tests of the file have ended. */
export async function startNginx(configuration: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-nginx-'))
  const file = join(directory, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name)};`,
  )
  const http = `http { access_log off; ${temporary.join(' ')}\n${configuration}\n}`
  writeFileSync(file, `pid ${join(directory, 'pid')}; error_log ${join(directory, 'log')}; events {}\n${http}`)
  const child = spawn('nginx', ['-p', directory, '-c', file, '-g', 'daemon off;'], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const complain = () => console.error(readFileSync(join(directory, 'log'), 'utf8'))
  child.once('exit', complain)
  afterFile(async () => {
    child.off('exit', complain)
    child.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  })
}
