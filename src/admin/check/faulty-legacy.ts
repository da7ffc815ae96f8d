import { createHash, randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { Client } from '../../clients/clients.ts'
import {
  casBase,
  fillTemplate,
  tifProfileOf,
  tifValues,
  type TifProfile,
  type TifValues,
} from '../../config/legacy-protocols.ts'
import { jsonAnswer, xmlAnswer } from '../../protocols/cas/answers.ts'
import { addressOfService, readService, withTicket } from '../../protocols/cas/service.ts'
import { rightOldSignIn, type OldAnswer, type OldFault } from './old-faults.ts'
import { person } from './made-up-person.ts'

/** The requests of an old portal in one sign-in. */
export interface OldSeen {
  /** The address that the portal asked to come back to. */
  asked: string
  /** It is a registered one. */
  registered: boolean
  /** The ticket or code that it got. */
  answer: string
  calls: number
  /** Each call of its server named this sign-in and this address. */
  callsFit: boolean
}

interface State {
  client: Client
  fault: OldFault
  seen: OldSeen | undefined
  /** Tickets and codes that were not used, and tokens. */
  open: Set<string>
}

/** One call of the portal's server; undefined for a path that the protocol does not have. */
type Call = (state: State, path: string, query: URLSearchParams) => OldAnswer | undefined

interface OldProtocol {
  loginPath: string
  /** The parameter with the address. */
  address: string
  /** The address with the answer. */
  answerTo(asked: string, answer: string): string
  newAnswer(): string
  isRegistered(client: Client, asked: string): boolean
  call: Call
}

const random = () => randomBytes(20).toString('hex')
const fits = ({ seen }: State, query: URLSearchParams, names: { address: string; answer: string }) =>
  query.get(names.address) === seen?.asked && query.get(names.answer) === seen.answer

/** Notes a call. True for the first one with a ticket or code that we gave. */
function spend(state: State, query: URLSearchParams, names: { address: string; answer: string }): boolean {
  if (state.seen) {
    state.seen.calls += 1
    state.seen.callsFit &&= fits(state, query, names)
  }
  return state.open.delete(query.get(names.answer) ?? '')
}

const cas: OldProtocol = {
  loginPath: `${casBase}/login`,
  address: 'service',
  answerTo: withTicket,
  newAnswer: () => `ST-${random()}`,
  isRegistered({ redirect_uris }, asked) {
    const service = readService(asked)
    return service !== undefined && addressOfService(service, redirect_uris) !== undefined
  },
  call(state, path, query) {
    const known = [`${casBase}/serviceValidate`, `${casBase}/p3/serviceValidate`, `${casBase}/validate`]
    if (!known.includes(path)) return undefined
    const valid = spend(state, query, { address: 'service', answer: 'ticket' })
    const right = { user: person.sub, attributes: { name: person.name } }
    const outcome = valid
      ? (state.fault.outcome ?? right)
      : ({ code: 'INVALID_TICKET', description: 'unknown' } as const)
    const asJson = query.get('format')?.toUpperCase() === 'JSON'
    const answer = { status: 200, text: asJson ? JSON.stringify(jsonAnswer(outcome)) : xmlAnswer(outcome) }
    return valid ? (state.fault.answer ?? answer) : answer
  },
}

const tifError = { status: 200, text: JSON.stringify({ error_code: 'invalid', error_msg: 'invalid' }) }

/** The answer of the province about the made-up person. What a person did not agree to is empty. */
const tokenInfoOf = (profile: TifProfile) =>
  fillTemplate(profile.tokeninfo, {
    ...(Object.fromEntries(tifValues.map((name) => [name, ''])) as TifValues),
    subject: person.sub,
    subjectHex: createHash('md5').update(person.sub).digest('hex'),
    name: person.name,
    userType: '1',
    documentType: profile.documentTypes.other,
    level: profile.levels['3'],
  })

const tif = (profile: TifProfile): OldProtocol => ({
  loginPath: `${profile.base}/authorize`,
  address: 'redirect_uri',
  answerTo(asked, code) {
    const url = new URL(asked)
    url.searchParams.set('code', code)
    return url.href
  },
  newAnswer: random,
  isRegistered: ({ redirect_uris }, asked) => redirect_uris.includes(asked),
  call(state, path, query) {
    if (path === `${profile.base}/access_token`) {
      if (!spend(state, query, { address: 'redirect_uri', answer: 'code' })) return tifError
      const token = random()
      state.open.add(token)
      const text = JSON.stringify({ expires_in: 179, token_type: 'Bearer', access_token: token })
      return (state.fault.call === 'token' ? state.fault.answer : undefined) ?? { status: 200, text }
    }
    if (path !== `${profile.base}/tokeninfo`) return undefined
    if (!state.open.has(query.get('access_token') ?? '')) return tifError
    const right = { status: 200, text: JSON.stringify(tokenInfoOf(profile)) }
    return (state.fault.call === 'token' ? undefined : state.fault.answer) ?? right
  },
})

/** A server on this machine that speaks the old protocol of a portal. It signs in one made-up person, rightly or not. */
export async function startFaultyLegacy({ client, port }: { client: Client; port: number }) {
  const profile = tifProfileOf(client.legacy)
  const protocol = profile ? tif(profile) : cas
  const state: State = { client, fault: rightOldSignIn, seen: undefined, open: new Set() }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === protocol.loginPath) return login(protocol, state, searchParams, response)
    const answer = protocol.call(state, pathname, searchParams) ?? { status: 404, text: 'not found' }
    const type = answer.text.startsWith('{') ? 'application/json' : 'application/xml'
    response.writeHead(answer.status, { 'content-type': type }).end(answer.text)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const issuer = `http://localhost:${typeof address === 'object' && address ? address.port : port}`
  return {
    issuer,
    /** The address that the portal uses during the check. */
    address: issuer + protocol.loginPath.replace(/\/\w+$/, ''),
    /** Sets the fault of the next sign-ins. */
    use(fault: OldFault) {
      state.fault = fault
      state.seen = undefined
    },
    /** The requests of the portal since the last `use`. */
    seen: () => state.seen,
    /** An answer that was never given, for the address of the last sign-in. */
    madeUp: (asked: string) => protocol.answerTo(asked, protocol.newAnswer()),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type FaultyLegacy = Awaited<ReturnType<typeof startFaultyLegacy>>

function login(protocol: OldProtocol, state: State, query: URLSearchParams, response: ServerResponse): void {
  const asked = query.get(protocol.address) ?? ''
  const answer = protocol.newAnswer()
  const registered = protocol.isRegistered(state.client, asked)
  state.seen = { asked, registered, answer, calls: 0, callsFit: true }
  if (!registered) {
    response.writeHead(400).end()
    return
  }
  state.open.add(answer)
  response.writeHead(302, { location: protocol.answerTo(asked, answer) }).end()
}
