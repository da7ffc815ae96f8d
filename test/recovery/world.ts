import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { Pass } from '../../src/accounts/account-recovery/account-recovery.ts'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { isHeld } from '../../src/accounts/natural-persons.ts'
import { networksOf } from '../../src/config/address-networks.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createPhoneCodes } from '../../src/guards/phone-codes/phone-codes.ts'
import { createTextReceipts } from '../../src/guards/phone-codes/text-receipts.ts'
import { createTextDelivery } from '../../src/guards/phone-codes/text-delivery.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'
import { beginRequest, type RequestContext } from '../../src/pages/request-context.ts'
import { loadWords } from '../../src/pages/words.ts'
import type { Services } from '../../src/services.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { openPerson } from '../setup/person.ts'
import { provenPhone } from '../setup/proven-phone.ts'

import { temporaryDirectory } from '../setup/temporary.ts'
import { openTestServices } from '../setup/test-services.ts'
import { firstWorldOf } from './first-world.ts'
import { giveEveryWay, heldOf, waysOf } from './owners-ways.ts'

export type Who = 'owner' | 'thief'
export type World = Awaited<ReturnType<Awaited<ReturnType<typeof openWorld>>['fresh']>>

const by = { actor: 'person' }
const name = '陈大文'
const words = loadWords()
const documentsIn = (number: string) => readIdentifier(number).filter(({ kind }) => kind === 'document')

/** The real services and codes by text over one store, with a clock of their own; `fresh` brings an owner and a thief. */
export async function openWorld() {
  const { services, forward } = await openTestServices()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'codes.sqlite'), services.clock)
  onTestFinished(() => artifacts.close())
  const texts: { to: string; code: string }[] = []
  const { phone } = readSettings({
    YIDENG_SMS: 'console',
    YIDENG_SMS_ADDRESS_TEXTS: '100000',
    YIDENG_SMS_DAY_BUDGET: '1000000',
  })
  const codes = createPhoneCodes({
    phone,
    issuer: services.settings.issuer,
    helpline: '12345',
    pauseMs: 0,
    receipts: createTextReceipts({ artifacts, reported: () => undefined, clock: services.clock }),
    texts: createTextDelivery({
      sender: { send: async ({ to, code }) => (texts.push({ to, code }), { id: '1' }) },
      countries: phone.countries,
      audit: services.audit,
      counted: () => undefined,
    }),
    artifacts,
    blindIndex: services.dataKeys.blindIndex,
    devices: services.devices,
    audit: services.audit,
    failed: (error) => expect.fail(String(error)),
    clock: services.clock,
  })
  let serial = 0
  return {
    services,
    forward,
    async fresh() {
      serial += 1
      return worldOf(services, codes, texts, serial)
    },
    async freshWithoutOwner() {
      serial += 1
      return firstWorldOf(services, serial)
    },
  }
}

async function worldOf(
  services: Services,
  codes: ReturnType<typeof createPhoneCodes>,
  texts: { to: string; code: string }[],
  serial: number,
) {
  const { persons, recovery, phoneProofs, database, authenticators, inbox, clock } = services
  const ownerOpened = await openPerson(services, { name })
  await database
    .transaction()
    .execute((transaction) =>
      services.register.add(transaction, [
        { documentType: 'resident_id', documentNumber: ownerOpened.number, nameKey: name },
      ]),
    )
  await provenPhone(services, ownerOpened, 40)
  const thiefOpened = await openPerson(services, { name: '陆不明', level: 2 })
  await provenPhone(services, thiefOpened, 40)
  const people = { owner: ownerOpened, thief: thiefOpened }
  const phones = { owner: `+86${ownerOpened.phone}`, thief: `+86${thiefOpened.phone}` }
  const sheets = {
    owner: await recovery.makeCodes(ownerOpened.id, by),
    thief: await recovery.makeCodes(thiefOpened.id, by),
  }
  /** Each password with its setter and moment; the first was there before. */
  const passwords = new Map<string, { who: Who; at: number }>()
  await giveEveryWay(services, ownerOpened.id)
  const initial = await authenticators.find(ownerOpened.id, 'password')
  passwords.set(initial?.data ?? '', { who: 'owner', at: -Infinity })
  const ownersPhone = { documentType: 'resident_id', documentNumber: ownerOpened.number, phone: phones.owner }
  await database.transaction().execute((transaction) => services.phoneRegister.add(transaction, [ownersPhone]))
  const pending: Partial<Record<Who, string>> = {}
  const did = { registered: 0, signedIn: 0, stopped: 0, recovered: 0, ownRecovered: 0, corrected: 0 }

  /** One request of a browser at an address of its person. */
  async function answered(who: Who, ask: (ctx: never) => Promise<unknown>) {
    const [req, res] = [{}, new EventEmitter()]
    const networks = networksOf(who === 'owner' ? `198.51.100.${serial % 250}` : `203.0.113.${serial % 250}`)
    const request = { t: words('zh-CN'), language: 'zh-CN', networks, deviceBefore: '' }
    beginRequest(req as never, request as unknown as RequestContext)
    await ask({ req, res } as never)
    await new Promise((resolve) => setImmediate(resolve))
    res.emit('close')
    await codes.settled()
  }
  const browserOf = (who: Who) => `browser of ${who} ${serial}`
  const codeFor = (who: Who, phone: string) =>
    ({ purpose: 'recover', act: `recover ${who} ${serial}`, browser: browserOf(who), phone }) as const

  /** Ways held before the first recovery in one hold: a stop restores that. */
  let heldBefore: string[] = []

  async function recover(who: Who, pass: Pass | undefined): Promise<boolean> {
    if (!pass) return false
    if (!isHeld(await owner(), clock())) heldBefore = heldOf(await waysOf(services, people.owner.id))
    const authenticator = passwordAuthenticator(`${who} ${passwords.size} ${serial}`)
    const done = (await recovery.recover(pass, authenticator, by)) !== undefined
    if (done && pass.personId === people.owner.id) passwords.set(authenticator.data, { who, at: clock() })
    else passwords.set(`elsewhere ${passwords.size}`, { who, at: clock() })
    if (done) did[pass.personId === people.owner.id ? 'ownRecovered' : 'recovered'] += 1
    return done
  }

  /** The accounts of strangers under the owner's number. */
  async function claimantIds(): Promise<string[]> {
    const { row } = await owner()
    const rows = await database
      .selectFrom('natural_persons')
      .select('id')
      .where('document_index', '=', row.document_index)
      .where('id', '<>', row.id)
      .execute()
    return rows.map(({ id }) => id)
  }

  const passwordNow = async () => {
    const { data = '' } = (await authenticators.find(people.owner.id, 'password')) ?? {}
    return passwords.get(data) ?? expect.fail('a password that no step has set')
  }
  const owner = async () => (await persons.find(people.owner.id)) ?? expect.fail('the owner is gone')

  return {
    did,
    owner,
    now: clock,
    textTo: (who: Who) => texts.findLast(({ to }) => to === phones[who])?.code ?? '',
    nextCode: (who: Who) => sheets[who].shift() ?? '',
    heldBefore: () => heldBefore,
    waysOf: (who: Who) => waysOf(services, people[who].id),
    /** Asks for a code to sign in by the phone. Types a guess, and the code that came to the own phone. */
    async signInByText(who: Who, phone: Who) {
      const asked = { ...codeFor(who, phones[phone]), purpose: 'sign-in' } as const
      const [holder] = await persons.provenHolders(phones[phone])
      await answered(who, (ctx) =>
        codes.send(ctx, { ...asked, portal: '一登', personId: holder?.id, deliver: holder !== undefined }),
      )
      const typed = [texts.findLast(({ to }) => to === phones[who])?.code ?? '', '000000']
      for (const code of typed) {
        if ((await codes.check(asked, code)) !== 'right') continue
        did.signedIn += 1
        return holder?.id
      }
      return undefined
    },
    /** Merges the owner's account into each of the stranger's. */
    async mergeAway() {
      for (const into of [people.thief.id, ...(await claimantIds())])
        await services.merging.merge({ into, from: people.owner.id, portals: [] }, by)
    },
    /** Each account of a stranger gets every way to sign in. */
    async addWays() {
      for (const id of [people.thief.id, ...(await claimantIds())])
        if ((await authenticators.list(id, 'passkey')).length === 0) await giveEveryWay(services, id)
    },
    async makeCodes() {
      sheets.owner = await recovery.makeCodes(people.owner.id, by)
    },
    /** Opens an account under the owner's name and number; only the thief's own phone can be proven. */
    async register(phone: Who) {
      const opened = await persons.create(
        {
          document: { type: 'resident_id', number: people.owner.number },
          name,
          phone: phones[phone],
          username: `stranger${serial}x${did.registered}`,
          authenticators: [passwordAuthenticator('of the stranger')],
          noticeVersion: '1',
          phoneProven: phone === 'thief' ? 'sms' : undefined,
        },
        by,
      )
      if (opened.ok) did.registered += 1
    },
    /** The thief corrects their own account to the owner's name or number, as the account centre does. */
    async correct(what: 'name' | 'document' | 'both') {
      const document = { type: 'resident_id', number: people.owner.number }
      const correction = { ...(what === 'document' ? {} : { name }), ...(what === 'name' ? {} : { document }) }
      if ((await persons.correct(people.thief.id, correction, { by, source: 'person' })).ok) did.corrected += 1
    },
    /** Each account of a stranger asks for level 3 by the thief's phone (login/prove-by-phone.ts). */
    async proof() {
      const rows = await database
        .selectFrom('natural_persons')
        .select('id')
        .where('id', '<>', people.owner.id)
        .execute()
      const claim = { documentType: 'resident_id', documentNumber: people.owner.number, name, phone: phones.thief }
      const owned = (await services.phoneRegister.isOwner(claim)) === 'match'
      for (const { id } of rows) await persons.proof(id, by, owned ? { possession: 'phone' } : {})
    },
    /** Asks for a code as the page does. */
    async ask(who: Who, { phone, document }: { phone: Who; document: Who }) {
      const person = await persons.findByIdentifier(documentsIn(people[document].number))
      const pass = await recovery.checkPhone(person, phones[phone])
      pending[who] = pass?.personId ?? 'nobody'
      const asked = { ...codeFor(who, phones[phone]), portal: '一登', personId: pass?.personId }
      await answered(who, (ctx) => codes.send(ctx, { ...asked, deliver: pass !== undefined }))
    },
    /** Types a code as the page does, and sets a password where it is right. */
    async type(who: Who, code: string, phone: Who) {
      const checked = await codes.check(codeFor(who, phones[phone]), code)
      const pass = await recovery.checkPhone(await persons.find(pending[who] ?? ''), phones[phone])
      return checked === 'right' && (await recover(who, pass))
    },
    byCode: async (who: Who, code: string, of: Who = who) =>
      recover(who, await recovery.checkCode(people[of].id, code)),
    byLink: async (token: string) => recover('thief', await recovery.checkLink(token)),
    async byClerk() {
      const link = await recovery.makeLink(people.owner.id, { counter: true }, { actor: 'administrator:clerk' })
      return recover('owner', await recovery.checkLink(link?.token ?? ''))
    },
    async stop(token: string, of: Who) {
      const link = await recovery.checkStop(token)
      const done = await recovery.stop({ personId: people[of].id, key: link?.key ?? 'none' }, by)
      if (done) did.stopped += 1
      return done
    },
    passwordIsOf: async () => (await passwordNow()).who,
    passwordAge: async () => clock() - (await passwordNow()).at,
    foundByDocument: async () => (await persons.findByIdentifier(documentsIn(people.owner.number)))?.id,
    async levelsOfClaimants() {
      const { row } = await owner()
      const rows = await database
        .selectFrom('natural_persons')
        .select('identity_level')
        .where('document_index', '=', row.document_index)
        .where('id', '<>', row.id)
        .execute()
      return rows.map((one) => one.identity_level)
    },
    /** A proof counts for 24 months; a long story outlives it, and the owner proves the phone again and waits. */
    async reproveWhereOld() {
      const proof = await phoneProofs.find({ personId: people.owner.id, phone: phones.owner })
      if (!proof) await provenPhone(services, people.owner, 40)
    },
    /** Everything that a step of a stranger could change. */
    ownersState: async () => ({
      person: (await owner()).row,
      authenticators: await authenticators.list(people.owner.id),
      proof: await phoneProofs.find({ personId: people.owner.id, phone: phones.owner }),
      links: await services.upstreamLinks.of(people.owner.id),
      locks: await services.methodLocks.list(people.owner.id),
      foundByPhone: (await persons.findByIdentifier(readIdentifier(ownerOpened.phone)))?.id,
    }),
    /** Of the newest notice; empty where no recovery was notified with one. */
    async stopToken(who: Who) {
      const notices = await inbox.list(people[who].id, 50)
      return notices.find(({ restricted }) => restricted['stop'])?.restricted['stop'] ?? ''
    },
  }
}
