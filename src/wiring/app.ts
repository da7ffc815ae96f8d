import type { AccountRoutesDeps } from '../account-centre/account-routes.ts'
import { createMethodSwitches } from '../account-centre/method-switches.ts'
import { listedRegions } from '../config/networks.ts'
import { serviceNameOf } from '../config/settings/operator.ts'
import type { Admission } from '../http/admission.ts'
import { createApp, type AppDeps } from '../http/app.ts'
import type { Readiness } from '../http/readiness.ts'
import { loadAssets } from '../pages/assets.ts'
import { createPages } from '../pages/render.ts'
import type { Referred } from '../pages/reference.ts'
import type { Reasons } from '../storage/reasons.ts'
import type { Core } from './core.ts'
import type { Login } from './login.ts'
import type { Protocol } from './protocol.ts'

/** The koa application of a server process, and the words of its pages. */
export function createServerApp(
  core: Core,
  protocol: Protocol,
  login: Login,
  { readiness, admission }: { readiness: Readiness; admission: Admission },
) {
  const { settings, clock, log, tracing, metrics, artifacts, reasons, findClient, cookieKeys, services } = core
  const { provider, sessions, accessTokens, deviceFlow, portalBudgets } = protocol
  const { audit, clients, dataKeys, devices } = services
  const { methods, logins } = login
  const secure = settings.issuer.startsWith('https:')
  const assets = loadAssets()
  const pages = createPages({ assets, operator: settings.operator })
  const app = createApp({
    provider,
    settings,
    clock,
    log,
    metrics,
    tracing,
    assets,
    clients,
    cipher: dataKeys.cipher,
    findClient,
    artifacts,
    methods,
    readiness,
    admission: admission.middleware,
    limits: () => (protocol.signatureServer?.isDown() ? ['signature server'] : []),
    requests: {
      pages,
      words: pages.words,
      csrfKeys: cookieKeys.accepted,
      secure,
      trustProxy: settings.trustProxy,
      clock,
      referred: logAndKeep(log, reasons),
    },
    login: loginDeps(core, protocol, login, secure),
    numbers: numberDeps(core, login),
    account: accountDeps(core, protocol, login),
    logins,
    originDeps: { sessions, devices, upstreamSessions: protocol.upstreamSessions },
    portalAudit: { provider, audit, log },
    deviceDoor: deviceFlow.door,
    portalBudgets: portalBudgets.middleware,
    jwtTokens: protocol.jwtTokens,
    direct: protocol.direct,
    legacy: legacyDeps(core, protocol),
    reports: { reporting: services.reporting, textReceipts: login.textReceipts },
    upstreamSignOut: protocol.upstreamSignOut,
    upstreamLogout: { upstreams: core.upstreams, upstreamSessions: protocol.upstreamSessions },
    admin: { services, artifacts, accessTokens, sessions },
  })
  app.silent = true
  app.on('error', (error) => log.debug({ err: error }, 'connection failed'))
  return { app, words: pages.words }
}

/** Services for numbers that a mini program brings. */
const numberDeps = ({ channels, artifacts, services, settings, clock }: Core, { phoneTickets }: Login) => ({
  channels,
  phoneTickets,
  artifacts,
  blindIndex: services.dataKeys.blindIndex,
  addressTries: settings.limits.addressTries,
  issuer: settings.issuer,
  clock,
})

/** Services for the endpoints of old portals. */
function legacyDeps({ services, artifacts, findClient, clock }: Core, protocol: Protocol): AppDeps['legacy'] {
  const { provider, findAccount, subjectOf, secretGuesses, portalBudgets, casPortals, singleLogout } = protocol
  const { clients, dataKeys } = services
  // from memory, where it is active
  const findRegistered = async (id: string) => (await findClient(id)) ?? clients.find(id)
  return {
    provider,
    findAccount,
    subjectOf,
    secretGuesses,
    portalBudgets,
    casPortals,
    singleLogout,
    findRegistered,
    pairwiseKey: dataKeys.pairwise,
    artifacts,
    clock,
  }
}

/** A failure is in the log already, with its error. */
const logAndKeep =
  (log: Core['log'], reasons: Reasons) =>
  (reason: Referred): void => {
    const { reference: id, at: _at, ...rest } = reason
    if (!reason.where) log.info({ id, ...rest }, 'request refused')
    reasons.keep(reason)
  }

/** Services for the questions of a login, registration and recovery. */
function loginDeps(core: Core, { sessions }: Protocol, login: Login, secure: boolean): AppDeps['login'] {
  const { settings, clock, artifacts, passwords, resources, services } = core
  const { persons, devices, consents, breached, recovery, closing, representations, audit } = services
  const { host, methods, offers, matches, phoneCodes, phoneTickets, oneTapProofs } = login
  const { blindIndex } = services.dataKeys
  return {
    host,
    methods,
    offers,
    freshSeconds: settings.lifetimes.freshSignIn,
    persons,
    devices,
    consents,
    sessions,
    representations,
    choices: services.representeeChoices,
    twoFactors: services.twoFactors,
    closing,
    recovery,
    breached,
    passwords,
    matches,
    phoneCodes,
    phoneTickets,
    channels: core.channels,
    oneTapProofs,
    phoneProofs: services.phoneProofs,
    phoneOwners: services.phoneOwners,
    phoneProbes: services.phoneProbes,
    phone: settings.phone,
    serviceName: serviceNameOf(settings.operator),
    resources,
    artifacts,
    blindIndex,
    suite: settings.suite,
    audit,
    limits: settings.limits,
    recoveryHold: settings.recovery.hold,
    registrationsPerHour: settings.limits.addressRegistrations,
    secure,
    clock,
  }
}

/** Services for the account centre. */
function accountDeps(core: Core, protocol: Protocol, login: Login): AccountRoutesDeps {
  const { settings, clock, resources, artifacts, services } = core
  const { provider, sessions } = protocol
  const { methods, signatures, acceptedPasskeys, matches, phoneCodes, phoneTickets, oneTapProofs } = login
  const { database, audit, clients, persons, authenticators, methodLocks, devices, inbox, consents, upstreamLinks } =
    services
  const { recovery, closing, faceConsents, numberDisputes, legalPersons, principals, mandates, representations } =
    services
  const { cipher, blindIndex } = services.dataKeys
  return {
    issuer: settings.issuer,
    sessionCookie: provider.cookieName('session'),
    freshSeconds: settings.lifetimes.freshSignIn,
    closingDays: settings.closingDays,
    organisationLevel: settings.organisationLevel,
    regionOf: listedRegions(),
    methodSwitches: createMethodSwitches({ methods, authenticators, methodLocks, sessions }),
    twoFactors: services.twoFactors,
    sessions,
    methods,
    signatures,
    acceptedPasskeys,
    matches,
    phoneCodes,
    phoneTickets,
    channels: core.channels,
    oneTapProofs,
    phoneProofs: services.phoneProofs,
    phoneOwners: services.phoneOwners,
    serviceName: serviceNameOf(settings.operator),
    resources,
    database,
    artifacts,
    audit,
    cipher,
    blindIndex,
    clients,
    persons,
    authenticators,
    methodLocks,
    upstreams: core.upstreams,
    upstreamLinks,
    devices,
    inbox,
    consents,
    recovery,
    closing,
    merging: services.merging,
    faceConsents,
    numberDisputes,
    legalPersons,
    principals,
    mandates,
    representations,
    clock,
  }
}
