import { startServer } from './server.ts'
import { startSmsGateway } from './sms-gateway.ts'

export type SmsGateway = Awaited<ReturnType<typeof startSmsGateway>>

/** A server that sends texts through a gateway of its own, without the limit of a network. */
export async function startSmsServer(settings: Record<string, string> = {}) {
  const gateway = await startSmsGateway()
  const server = await startServer({
    YIDENG_SMS: 'webhook',
    YIDENG_SMS_URL: `${gateway.url}/send`,
    YIDENG_SMS_ADDRESS_TEXTS: '100000',
    ...settings,
  })
  return { gateway, server, services: await server.services() }
}
