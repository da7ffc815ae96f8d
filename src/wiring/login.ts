import { ownClientId } from '../account-centre/own-client.ts'
import { createPhoneCodes } from '../guards/phone-codes/phone-codes.ts'
import { createOneTapProofs } from '../guards/phone-codes/one-tap-proofs.ts'
import { createTextReceipts, type ReceiptOutcome, type TextReceipts } from '../guards/phone-codes/text-receipts.ts'
import { createRegisterMatches } from '../guards/register-matches.ts'
import type { OpenChannels } from '../channels/open-channels.ts'
import { createPhoneTickets } from '../channels/phone-tickets.ts'
import { rememberBegan } from '../login/began.ts'
import { codesOffer } from '../login/questions/codes-offer.ts'
import { possessionOffer } from '../login/questions/possession-offer.ts'
import { possessionOffer as possessionName } from '../login/possession-asked.ts'
import { createHost } from '../login/host.ts'
import { createMethods } from '../login/methods/create-methods.ts'
import { createAcceptedPasskeys } from '../login/methods/passkey/accepted.ts'
import { createSignatures } from '../login/methods/passkey/signing.ts'
import { bindLogins } from '../oidc/engine/login-binding.ts'
import { createWentOnLogins } from '../oidc/went-on.ts'
import { localVerifier } from '../proofing/face/local.ts'
import { createFacePool } from '../proofing/face/pool.ts'
import { thresholds } from '../proofing/face/thresholds.ts'
import { readVendors } from '../proofing/face/vendors/vendors.ts'
import { chooseVerifiers } from '../proofing/face/choose-verifier.ts'
import type { Core } from './core.ts'
import type { Protocol } from './protocol.ts'

const textPauseMs = 200

export type Login = Awaited<ReturnType<typeof createLogin>>

/** The login methods, and the host that they prove a person to. */
export async function createLogin(core: Core, protocol: Protocol) {
  const { settings, clock, tracing, events, artifacts, channels, upstreams, findClient, cookieKeys, passwords } = core
  const { services } = core
  const { sessions, upstreamSessions, accessTokens, signatureServer } = protocol
  const { database, dataKeys, persons, administrators, authenticators, methodLocks, devices, notifier } = services
  const { endSignIns, breached, faceConsents, identityProofs, faceReferences, audit } = services
  const { blindIndex, cipher } = dataKeys
  const matches = createRegisterMatches({ artifacts, blindIndex, clock })
  const reported = (outcome: ReceiptOutcome) => core.metrics.textReported(settings.phone.sender, outcome)
  const textReceipts = createTextReceipts({ artifacts, reported, clock })
  const phoneCodes = openPhoneCodes(core, textReceipts)
  const { oneTap } = services
  const perHour = settings.phone.addressTexts
  const oneTapProofs = createOneTapProofs({ oneTap, artifacts, blindIndex, perHour, clock })
  const passkeys = { authenticators, settings, blindIndex, database, audit, notifier, methodLocks, artifacts }
  const signatures = createSignatures(passkeys)
  const acceptedPasskeys = createAcceptedPasskeys(passkeys)
  const facePool = tracing.faces(createFacePool(settings.face))
  const local = localVerifier({ pool: facePool, references: faceReferences, limits: thresholds })
  const vendors = readVendors(settings.face.vendorsFile, clock, settings.production, faceServers(channels))
  const methods = await createMethods({
    settings,
    clock,
    database,
    artifacts,
    events,
    cipher,
    blindIndex,
    cookieKeys,
    persons,
    representations: services.representations,
    administrators,
    authenticators,
    methodLocks,
    devices,
    notifier,
    phoneProofs: services.phoneProofs,
    phoneOwners: services.phoneOwners,
    register: services.register,
    channels,
    upstreams,
    upstreamLinks: services.upstreamLinks,
    upstreamSessions,
    sessions,
    endSignIns,
    passwords,
    breached,
    faceConsents,
    identityProofs,
    faceVerifiers: chooseVerifiers(settings.face, [local, ...vendors]),
    facePool,
    matches,
    phoneCodes,
    signatures,
    accessTokens,
    signatureServer,
    audit,
    ownClientId,
    findClient,
  })
  const secure = settings.issuer.startsWith('https:')
  const wentOnLogins = createWentOnLogins(artifacts)
  const logins = bindLogins(protocol.provider, { secure, cookieKeys, wentOnLogins, began: rememberBegan })
  const { limits } = settings
  const host = createHost({
    logins,
    methods,
    findClient,
    persons,
    methodLocks,
    authenticators,
    devices,
    notifier,
    sessions,
    identityProofs,
    twoFactors: services.twoFactors,
    audit,
    limits,
    clock,
  })
  const codes = codesOffer({ recovery: services.recovery, persons, devices, audit, clock, ownClientId })
  const { oldProofsUntil } = settings
  const possession = possessionOffer({ methods, persons, audit, clock, oldProofsUntil, ownClientId })
  // the offer with a last day comes first; then a passkey: it replaces the password, codes only replace a forgotten one
  const offers = [
    { name: possessionName, offer: possession },
    ...methods.flatMap(({ name, offer }) => (offer ? [{ name, offer }] : [])),
    { name: 'codes', offer: codes },
  ]
  protocol.offers.open(offers)
  const phoneTickets = createPhoneTickets({ artifacts, cipher, clock })
  return {
    methods,
    offers,
    host,
    logins,
    matches,
    phoneCodes,
    textReceipts,
    oneTapProofs,
    phoneTickets,
    signatures,
    acceptedPasskeys,
    facePool,
  }
}

/** WeChat's face is for mini programs alone: only there a native page can open the camera. */
const faceServers = ({ list, wechat, alipay }: OpenChannels) => ({
  wechat: (id: string) => (list.some((one) => one.id === id && one.kind === 'wechat-mini') ? wechat(id) : undefined),
  alipay,
})

/** Codes by text message, through the sender of the settings. */
function openPhoneCodes({ settings, clock, log, artifacts, services }: Core, receipts: TextReceipts) {
  const { phone, issuer } = settings
  const { audit, devices, dataKeys, textDelivery } = services
  return createPhoneCodes({
    phone,
    issuer,
    helpline: settings.operator.helpline,
    texts: textDelivery,
    receipts,
    artifacts,
    blindIndex: dataKeys.blindIndex,
    devices,
    audit,
    pauseMs: textPauseMs,
    failed: (error) => log.error({ err: error }, 'a text could not be sent'),
    clock,
  })
}
