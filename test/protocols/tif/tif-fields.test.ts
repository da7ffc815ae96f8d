import { beforeAll, describe, expect, it } from 'vitest'
import { tifProfiles } from '../../../src/config/legacy-protocols.ts'
import type { Services } from '../../../src/services.ts'
import { called, registerOldPortal, tokenInfoAt, type OldPortal } from '../../setup/old-portal.ts'
import { mandate, openOrganisation } from '../../setup/organisation.ts'
import { allow, openPerson, signIn } from '../../setup/person.ts'
import { usualServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

const visitor = () => new Visitor(services.settings.issuer)
const allScopes = 'openid profile identity phone representee'

interface UserObject extends Record<string, string | string[]> {
  extproperties: string[]
}
const userOf = (body: Record<string, unknown>) => body['userobj'] as UserObject

async function actingAt(portal: OldPortal, person: { username: string }, organisation: { id: string }) {
  const browser = visitor()
  const page = await signIn(browser, await browser.get(portal.authorize()), person.username)
  const { leads } = await browser.submit(page, '/representee', { representee: organisation.id })
  const { body } = await called(portal.tokens(leads?.searchParams.get('code') ?? ''))
  return called(portal.info(String(body['access_token'])))
}

describe('the fields of a person', () => {
  it('are the whole answer of the profile', async () => {
    const portal = await registerOldPortal(services)
    const person = await openPerson(services)
    const { body } = await tokenInfoAt(portal, visitor(), person.username)
    const { uid, useridcode } = userOf(body)
    expect(useridcode).toMatch(/^[\da-f]{32}$/)
    expect(body).toEqual({
      signdata: '',
      userobj: {
        uid,
        cn: '陈大文',
        usertype: '1',
        idcardtype: '10',
        idcardnumber: person.number,
        telephonenumber: person.phone,
        mail: '',
        sex: expect.stringMatching(/^[12]$/),
        useridcode,
        isreal: 'true',
        realtype: '',
        tokenid: '',
        createtime: '',
        creditable_level_of_account: 'L1',
        creditable_level_of_account_way: `L1@YSS@${String(useridcode)}`,
        link_person_name: '',
        link_person_type: '',
        link_person_code: '',
        extproperties: [
          'area=',
          'legal_person=',
          'legal_code=',
          'link_person_name=',
          'link_person_type=',
          'link_person_code=',
          'parent_uidcode=',
          'origin=yideng',
          'accout_type=1',
          'uversion=1.0',
        ],
      },
      pareobj: {
        uid: '',
        cn: '',
        usertype: '',
        idcardtype: '',
        idcardnumber: '',
        telephonenumber: '',
        mail: '',
        useridcode: '',
        extproperties: [],
      },
      user_creditable_level: {
        creditable_level_of_account_way_list: [
          {
            auth_time: expect.stringMatching(/^20\d{12}$/),
            uniqueid: useridcode,
            user_name: '陈大文',
            auth_identification: '',
            identity_level: 'L1',
            credential_no: person.number,
            way_code: 'YSS',
          },
        ],
      },
    })
  })

  it('are other accounts at the portals of another sector', async () => {
    const person = await openPerson(services)
    const [one, same, other] = [
      await registerOldPortal(services),
      await registerOldPortal(services),
      await registerOldPortal(services, { sector: 'https://other.example.gov.cn/' }),
    ]
    const seen = []
    for (const portal of [one, same, other]) {
      const { uid, useridcode } = userOf((await tokenInfoAt(portal, visitor(), person.username)).body)
      expect([uid, useridcode]).not.toContain(person.id)
      seen.push(`${String(uid)} ${String(useridcode)}`)
    }
    expect(seen[0]).toBe(seen[1])
    expect(new Set(seen).size).toBe(2)
  })

  it('are empty, and never absent, where the portal is not registered for them', async () => {
    const person = await openPerson(services)
    const whole = await tokenInfoAt(await registerOldPortal(services, { scope: allScopes }), visitor(), person.username)
    const least = await tokenInfoAt(await registerOldPortal(services, { scope: 'openid' }), visitor(), person.username)
    const user = userOf(least.body)
    expect(Object.keys(user)).toEqual(Object.keys(userOf(whole.body)))
    for (const field of ['cn', 'idcardtype', 'idcardnumber', 'telephonenumber', 'sex', 'mail'])
      expect(user[field]).toBe('')
    for (const secret of [person.number, person.phone, '陈大文'])
      expect(JSON.stringify(least.body)).not.toContain(secret)
  })

  it('come after the consent of the person, which names the portal', async () => {
    const portal = await registerOldPortal(services, { consent: 'ask' })
    const person = await openPerson(services)
    const browser = visitor()
    const asked = await signIn(browser, await browser.get(portal.authorize()), person.username)
    expect(asked.html).toContain(portal.client.name)
    const { leads } = await allow(browser, asked)
    expect(leads?.searchParams.get('code')).toBeTruthy()
    const refusing = visitor()
    const other = await openPerson(services)
    const page = await signIn(refusing, await refusing.get(portal.authorize()), other.username)
    const refused = await refusing.submit(page, '/consent', { decision: 'deny' })
    expect([...(refused.leads?.searchParams.keys() ?? [])]).toEqual(['error'])
  })
})

describe('the level', () => {
  it.each([
    [2, 'L1'],
    [3, 'L2'],
  ] as const)('is the one that the portal asks for: %i is %s', async (min_level, level) => {
    const portal = await registerOldPortal(services, { min_level })
    const person = await openPerson(services)
    const { body } = await tokenInfoAt(portal, visitor(), person.username)
    expect(userOf(body)['creditable_level_of_account']).toBe(level)
  })

  it('is never above what was proven', async () => {
    const portal = await registerOldPortal(services)
    const person = await openPerson(services, { level: 2 })
    const browser = visitor()
    const page = await signIn(browser, await browser.get(portal.authorize()), person.username)
    // the registration asks for more after the sign-in
    await services.clients.update(portal.client.id, { min_level: 3 }, 'administrator:test')
    const { body } = await called(portal.tokens(page.leads?.searchParams.get('code') ?? ''))
    const info = await called(portal.info(String(body['access_token'])))
    expect(userOf(info.body)).toMatchObject({ creditable_level_of_account: 'L1', isreal: 'false' })
  })
})

describe('an organisation', () => {
  it('is the account of its legal representative', async () => {
    const portal = await registerOldPortal(services, { scope: allScopes })
    const organisation = await openOrganisation(services)
    const { representative } = organisation
    const { body } = await actingAt(portal, representative, organisation)
    expect(userOf(body)).toMatchObject({
      cn: organisation.name,
      usertype: '2',
      idcardtype: '49',
      idcardnumber: organisation.uscc,
      link_person_name: '林知行',
      link_person_type: '10',
      link_person_code: representative.number,
      extproperties: expect.arrayContaining(['legal_person=林知行', `legal_code=${representative.number}`]),
    })
    expect(body['pareobj']).toMatchObject({ uid: '', cn: '' })
  })

  it('is above the account of a person with its mandate', async () => {
    const portal = await registerOldPortal(services, { scope: allScopes })
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    await mandate(services, organisation.id, organisation.representative, handler)
    const { body } = await actingAt(portal, handler, organisation)
    const owner = await actingAt(portal, organisation.representative, organisation)
    const user = userOf(body)
    expect(user).toMatchObject({
      cn: '周小桐',
      usertype: '2',
      idcardnumber: handler.number,
      link_person_name: '周小桐',
    })
    const account = userOf(owner.body)
    expect(body['pareobj']).toMatchObject({
      uid: account['uid'],
      useridcode: account['useridcode'],
      cn: organisation.name,
      usertype: '2',
      idcardtype: '49',
      idcardnumber: organisation.uscc,
    })
    expect(user.extproperties).toContain(`parent_uidcode=${String(account['uid'])}`)
    // three accounts: the person, the person with the mandate, the organisation
    const alone = await tokenInfoAt(await registerOldPortal(services), visitor(), handler.username)
    expect(new Set([user['uid'], account['uid'], userOf(alone.body)['uid']]).size).toBe(3)
  })

  it('ends with the mandate', async () => {
    const portal = await registerOldPortal(services, { scope: allScopes })
    const organisation = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    const held = await mandate(services, organisation.id, organisation.representative, handler)
    const browser = visitor()
    const page = await signIn(browser, await browser.get(portal.authorize()), handler.username)
    const { leads } = await browser.submit(page, '/representee', { representee: organisation.id })
    const { body } = await called(portal.tokens(leads?.searchParams.get('code') ?? ''))
    const representative = await services.persons.find(organisation.representative.id)
    if (!representative) throw new Error('no representative')
    await services.mandates.end(held.id, representative, { actor: 'person' })
    expect(await called(portal.info(String(body['access_token'])))).toMatchObject({
      status: 401,
      body: { error_code: 'invalid_token' },
    })
  })
})

describe('another province', () => {
  it('is a file: its own paths, names and codes', async () => {
    const portal = await registerOldPortal(services, {
      legacy: 'tif-beijing',
      scope: allScopes,
      representee: 'required',
    })
    const organisation = await openOrganisation(services)
    const { representative } = organisation
    expect(portal.authorize()).toContain('/oauth2/authorize?service=bjzwService')
    const { body } = await actingAt(portal, representative, organisation)
    expect(body).toEqual({
      uid: expect.stringMatching(/./),
      cn: organisation.name,
      idCardNumber: organisation.uscc,
      credenceClass: 'Credence_002',
      trustLevel: 'L1',
      tokenId: '',
      extProperties: [
        `UNION_CODE=${organisation.uscc}`,
        'BLR_NAME=林知行',
        `BLR_CARDID=${representative.number}`,
        `BLR_MOBILE=${representative.phone}`,
      ],
    })
  })

  it('every profile has paths of its own', () => {
    const paths = tifProfiles.flatMap(({ base, oneOffCode }) => [
      base,
      ...(oneOffCode === undefined ? [] : [oneOffCode]),
    ])
    expect(new Set(paths).size).toBe(paths.length)
    expect(tifProfiles.length).toBeGreaterThan(1)
  })
})
