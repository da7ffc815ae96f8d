import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished } from 'vitest'
import type { AuditEvent } from '../../src/audit/audit-events.ts'
import type { TextMessage } from '../../src/channels/senders/sms/text-sender.ts'
import { networksOf } from '../../src/config/address-networks.ts'
import type { Clock } from '../../src/config/clock.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createPhoneCodes, type CodeAsked } from '../../src/guards/phone-codes/phone-codes.ts'
import { createTextDelivery } from '../../src/guards/phone-codes/text-delivery.ts'
import { createTextReceipts, type ReceiptOutcome } from '../../src/guards/phone-codes/text-receipts.ts'
import { beginRequest, type RequestContext } from '../../src/pages/request-context.ts'
import { loadWords } from '../../src/pages/words.ts'
import { VendorFailed } from '../../src/proofing/vendor-calls.ts'
import type { Artifacts } from '../../src/storage/artifacts.ts'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { cannotRun } from './parts.ts'
import { redisCli, startRedis } from './redis.ts'
import { handClock, temporaryDirectory } from './temporary.ts'

const words = loadWords()
export const phone = '+8613800138000'
export const asked: CodeAsked = {
  purpose: 'sign-in',
  act: 'login 1',
  browser: 'b 1',
  phone,
  portal: '深圳',
  deliver: true,
}

export interface From {
  address?: string
  browser?: string
}

type OpenStore = (clock: Clock) => Promise<Artifacts>
/** The world of one test, over an empty store. */
type OpenCodesWorld = (
  settings?: Record<string, string>,
  fails?: () => boolean,
) => Promise<Awaited<ReturnType<typeof codesWorld>>>

const onSqlite: OpenStore = async (clock) => openSqliteArtifacts(join(temporaryDirectory(), 'a.sqlite'), clock)

/** Codes over SQLite alone, for tests of many thousand steps. */
export const openCodesWorld: OpenCodesWorld = (...given) => codesWorld(onSqlite, ...given)

/** Runs the tests on each artifact store: codes and limits must not differ between them. */
export function onBothStores(tests: (world: OpenCodesWorld) => void): void {
  describe('on SQLite', () => {
    tests(openCodesWorld)
  })
  describe.skipIf(cannotRun('Redis'))('on Redis', () => {
    let port = 0
    beforeAll(async () => {
      port = await startRedis()
    })
    tests((...given) =>
      codesWorld(
        (clock) => {
          redisCli(port, 'FLUSHALL')
          return openRedisArtifacts(`redis://127.0.0.1:${port}`, clock, () => undefined)
        },
        ...given,
      ),
    )
  })
}

/** Codes over a real store, a sender that keeps its texts, and one account: anna, who has signed in with the browser `hers`. */
async function codesWorld(open: OpenStore, settings: Record<string, string> = {}, fails: () => boolean = () => false) {
  const { clock, forward } = handClock()
  const artifacts = await open(clock)
  onTestFinished(() => artifacts.close())
  const texts: TextMessage[] = []
  const entries: AuditEvent[] = []
  const counts: string[] = []
  const phoneSettings = readSettings({ YIDENG_SMS: 'console', ...settings }).phone
  const audit = { record: async (entry: AuditEvent) => void entries.push(entry) }
  const reports: ReceiptOutcome[] = []
  const receipts = createTextReceipts({ artifacts, reported: (outcome) => reports.push(outcome), clock })
  const codes = createPhoneCodes({
    phone: phoneSettings,
    issuer: 'https://login.example.gov.cn',
    helpline: '12345',
    receipts,
    texts: createTextDelivery({
      sender: {
        send: async (message) => {
          if (fails()) throw new VendorFailed('no answer')
          texts.push(message)
          return { id: `text-${texts.length}` }
        },
      },
      countries: phoneSettings.countries,
      audit,
      counted: (purpose, outcome) => counts.push(`${purpose} ${outcome}`),
    }),
    artifacts,
    blindIndex: (of, value) => `${of} ${value}`,
    devices: {
      keyOf: (cookie) => cookie,
      firstSeenAt: async (person, key) => (person === 'anna' && key === 'hers' ? 1 : undefined),
    },
    audit: audit as never,
    pauseMs: 0,
    failed: (error) => expect.fail(String(error)),
    clock,
  })

  /** A request of a browser, up to the end of its answer. */
  function requestOfBrowser({ address = '192.0.2.1', browser = 'other' }: From) {
    const req = {}
    const res = new EventEmitter()
    const request = { t: words('zh-CN'), language: 'zh-CN', networks: networksOf(address), deviceBefore: browser }
    beginRequest(req as never, request as unknown as RequestContext)
    const answered = async () => {
      res.emit('close')
      await codes.settled()
    }
    return { ctx: { req, res } as never, answered }
  }

  async function inform(how: 'informOfChange' | 'informOfRecovery', from: From = {}) {
    const { ctx, answered } = requestOfBrowser(from)
    codes[how](ctx, { phone, personId: 'anna', portal: '一登', token: 'T'.repeat(22) })
    await answered()
  }

  async function send(given: Partial<CodeAsked> = {}, from: From = {}) {
    const { ctx, answered } = requestOfBrowser(from)
    const wait = await codes.send(ctx, { ...asked, ...given })
    // nothing may leave before the answer
    const before = texts.length
    await new Promise((resolve) => setImmediate(resolve))
    expect(texts).toHaveLength(before)
    await answered()
    return wait
  }
  const last = () => texts.at(-1)?.code ?? expect.fail()
  return { codes, send, inform, texts, last, entries, counts, receipts, reports, forward, artifacts }
}
