import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'

export const noHaproxy = spawnSync('haproxy', ['-v']).status !== 0

const root = new URL('../../', import.meta.url)

/** The configuration in docs/deploy.md, with the ports and files of a test. */
function documentedHaproxy(port: number, upstreams: readonly number[], pem: string): string {
  const guide = readFileSync(new URL('docs/deploy.md', root), 'utf8')
  const [, block = ''] = /```haproxy\n([^]*?)```/.exec(guide) ?? []
  const servers = upstreams.map((upstream, index) => `    server m${index} 127.0.0.1:${upstream}`)
  const [, rest = ''] = /server one \S+( .*)/.exec(block) ?? []
  return (
    block
      .replace(/ *server one .*\n *server two .*\n/, servers.map((server) => `${server}${rest}\n`).join(''))
      // the machine of a test gives it fewer files
      .replace('maxconn 20000', 'maxconn 1000')
      .replace('bind :443', `bind 127.0.0.1:${port}`)
      .replace('/etc/haproxy/tls/login.pem', pem)
      .replace('/etc/haproxy/yideng', new URL('docs/proxy', root).pathname)
  )
}

/** Runs HAProxy until the tests of the file have ended. */
export async function startHaproxy(
  port: number,
  upstreams: readonly number[],
  certificate: { key: string; cert: string },
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-haproxy-'))
  const [file, pem] = [join(directory, 'haproxy.cfg'), join(directory, 'login.pem')]
  writeFileSync(pem, readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8'), { mode: 0o600 })
  writeFileSync(file, documentedHaproxy(port, upstreams, pem))
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  afterFile(async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  })
}
