import { expect, it } from 'vitest'
import { commandLine, unansweredIssuer } from '../../cli/in-process.ts'
import { examine, now, startOf } from './examined.ts'

it('names the addresses of portals that the server will not ask, and the setting', async () => {
  const line = await startOf(commandLine({ clock: () => now, environment: unansweredIssuer }))
  const create = (name: string, address: string) =>
    line.json(
      'client',
      'create',
      '--name',
      name,
      '--redirect-uri',
      'https://b.example/',
      '--backchannel-logout-uri',
      address,
    )
  await create('inner', 'https://10.3.0.8/bcl')
  await create('outer', 'https://8.8.8.8/bcl')
  Object.assign(line.environment, { NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.invalid' })
  const refused = async () => (await examine(line)).warnings.filter(({ what }) => what === 'addresses of portals')
  const [warning, ...others] = await refused()
  expect(others).toEqual([])
  expect(warning?.finding).toContain('https://10.3.0.8/bcl')
  expect(warning?.finding).not.toContain('8.8.8.8')
  expect(warning?.todo).toContain('YIDENG_OUTBOUND_NETWORKS')
  line.environment['YIDENG_OUTBOUND_NETWORKS'] = '10.3.0.0/16'
  expect(await refused()).toEqual([])
})
