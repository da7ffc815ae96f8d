import type { CreateMethod } from '../../method-services.ts'
import type { LoginHost } from '../../method.ts'
import { isAlipay, isMiniProgram } from '../../../channels/channels.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { pathOf } from '../../attempt.ts'
import { name, vendorOf } from './channel-deps.ts'
import { channelEnrolment } from './enrolment.ts'
import { createHandles } from './handle.ts'
import { answerRoute, channelOffer } from './offer.ts'
import { createProofs } from './proofs.ts'
import { callbackRoute, createStates, startRoute } from './redirect.ts'
import { isOwnApp, mayUse, shownHere } from './shown-here.ts'
import { createTickets, enterRoute, ticketRoute } from './tickets.ts'

/** Sign-in by WeChat and Alipay (DESIGN 1.6). Undefined where the settings have no channel. */
export const createMethod: CreateMethod = (services) => {
  const { channels, settings } = services
  const { list } = channels
  if (list.length === 0) return undefined
  const deps = {
    ...services,
    handles: createHandles({ ...services, seconds: settings.lifetimes.interaction }),
    tickets: createTickets(services),
    states: createStates(services),
    proofs: createProofs(services),
  }
  let loginHost: LoginHost | undefined
  const hostOf = () => {
    if (!loginHost) throw new Error('the routes of the login come first')
    return loginHost
  }
  return {
    name,
    // an account without a binding needs another way first
    offered: async (attempt, ctx) =>
      shownHere(list, ctx, attempt).length > 0 && (await deps.proofs.read(attempt.id)) === undefined,
    here: isOwnApp,
    async part(ctx, attempt) {
      const shown = shownHere(list, ctx, attempt)
      // a form may lead only where the policy of its page says
      requestOf(ctx).formTargets.push(...shown.filter(({ kind }) => !isMiniProgram(kind)).map(({ open }) => open))
      return {
        scripts: shown.some(({ kind }) => isMiniProgram(kind)) ? ['channel.js'] : [],
        attempt: attempt.id,
        channels: shown.map((one) => ({
          id: one.id,
          name: one.name,
          vendor: vendorOf(one),
          ...(isMiniProgram(one.kind)
            ? { handle: deps.handles.make(one.id, attempt.id) }
            : { start: pathOf(attempt, `${name}/${one.id}/start`) }),
        })),
      }
    },
    async note(_ctx, attempt) {
      const proof = await deps.proofs.read(attempt.id)
      const channel = proof && channels.client(proof.channel)?.channel
      return channel && mayUse(channel, attempt)
        ? { name, channel: channel.name, alipay: isAlipay(channel.kind) }
        : undefined
    },
    routes(router, host) {
      loginHost = host
      answerRoute(router, host, deps)
      startRoute(router, host, deps)
      enterRoute(router, host, deps)
    },
    pages: (router) => callbackRoute(router, hostOf, deps),
    api: (router) => ticketRoute(router, deps),
    offer: channelOffer(deps),
    enrolment: channelEnrolment(deps),
  }
}
