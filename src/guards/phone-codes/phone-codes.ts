import type { ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { Devices } from '../../accounts/devices.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { TextMessage, TextPurpose } from '../../channels/senders/sms/text-sender.ts'
import type { Clock } from '../../config/clock.ts'
import type { Settings } from '../../config/settings.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import { requestOf, type PageContext } from '../../pages/request-context.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { createCodeStore, type CodeChecked, type CodeFor } from './code-store.ts'
import { changeText, codeText, portalName, recoveredText } from './code-text.ts'
import type { TextDelivery } from './text-delivery.ts'
import type { TextReceipts } from './text-receipts.ts'
import { createTextLimits, type TextAsked, type TextWait } from './text-limits.ts'

export type { CodeChecked, CodeFor } from './code-store.ts'
export type { TextWait } from './text-limits.ts'

type AnswerContext = PageContext & { res: ServerResponse }

export interface CodeAsked extends CodeFor {
  /** Name of the portal, as the page shows it; of the service where there is none. */
  portal: string
  /** The account that the code is for, where there is one. */
  personId?: string | undefined
  /** True for a number that this account does not have yet: its known browsers count as a stranger's. */
  newNumber?: boolean
  /** As in `TextAsked`: it has a count of its own, which strangers who know the number alone cannot use up. */
  document?: string | undefined
  /** False for a number that opens nothing here: the answer and its time are the same, and no text is sent. */
  deliver: boolean
}

/** The person and the number of a text without a code. */
interface Informed {
  phone: string
  personId: string
  portal: string
}

/** Codes by text message, for sign-in, registration, a new number and recovery. */
export interface PhoneCodes {
  /** Whether this number can get texts: a sender is set, and its country is served. */
  reaches(phone: string): boolean
  /**
   * Makes a code, and sends it after the answer, so that neither shows whether it was sent.
   * @returns why no code was made, and how long to wait; undefined where the person may type one
   */
  send(ctx: AnswerContext, asked: CodeAsked): Promise<TextWait | undefined>
  check(code: CodeFor, typed: string): Promise<CodeChecked>
  /**
   * Whether the vendor has reported that the text with this code did not arrive. Always false for a sign-in and a recovery: it would
   * show that the number opens an account.
   */
  failed(code: CodeFor): Promise<boolean>
  /** Whether a sender is set. */
  readonly enabled: boolean
  /** Tells the old number of this person of a change, by a text without a code, after the answer. It counts in the share of known browsers. */
  informOfChange(ctx: AnswerContext, about: Informed): void
  /** Tells a proven number of this person of a recovery, with the token that stops it; else as `informOfChange`. */
  informOfRecovery(ctx: AnswerContext, about: Informed & { token: string }): void
  /** Resolves when all texts so far were sent or not. */
  settled(): Promise<void>
}

export interface PhoneCodesDeps {
  phone: Settings['phone']
  issuer: string
  helpline: string
  texts: TextDelivery
  receipts: TextReceipts
  artifacts: Artifacts
  blindIndex: BlindIndex
  devices: Pick<Devices, 'keyOf' | 'firstSeenAt'>
  audit: AuditLog
  /** Milliseconds from the answer to the work for a text: it must not slow the next request of the same client. */
  pauseMs: number
  /** For a fault of ours in the background. */
  failed: (error: unknown) => void
  clock: Clock
}

/** A person who registers or is signed in may know what became of a text to their own number. */
const showsFailure = ({ purpose }: CodeFor) => purpose === 'register' || purpose === 'bind'

export function createPhoneCodes(deps: PhoneCodesDeps): PhoneCodes {
  const { phone: settings, issuer, helpline, texts, receipts, devices, audit, pauseMs, failed } = deps
  const { countries, dayBudget, addressTexts } = settings
  const codes = createCodeStore(deps)
  const limits = createTextLimits({
    ...deps,
    countries,
    dayBudget,
    addressTexts,
    alarm: (by) => audit.record({ event: 'text.limit-reached', actor: 'system', details: { limit: by } }),
  })
  const running = new Set<Promise<void>>()

  /** The browser of this request, where this person has signed in with it; the same work without a person. */
  async function knownBrowser(ctx: AnswerContext, personId: string | undefined): Promise<string | undefined> {
    const key = devices.keyOf(requestOf(ctx).deviceBefore)
    const seen = await devices.firstSeenAt(personId ?? '', key)
    return personId !== undefined && seen !== undefined ? key : undefined
  }

  function afterAnswer({ res }: AnswerContext, job: () => Promise<void>): void {
    const done = new Promise<void>((resolve) => {
      if (res.writableFinished || res.destroyed) resolve()
      else res.once('close', resolve)
    })
      .then(() => (pauseMs > 0 ? setTimeout(pauseMs) : undefined))
      .then(job)
      .catch(failed)
      .finally(() => running.delete(done))
    running.add(done)
  }

  const { reaches } = texts

  async function deliver(message: TextMessage, personId: string | undefined, code?: CodeFor): Promise<void> {
    const receipt = await texts.deliver(message, personId)
    if (receipt) await receipts.sent(receipt.id, code)
  }

  function inform(ctx: AnswerContext, purpose: TextPurpose, { phone: to, personId, portal }: Informed, text: string) {
    const { language } = requestOf(ctx)
    const message = { to, purpose, code: '', portal: portalName(portal), language, text }
    afterAnswer(ctx, async () => {
      if (reaches(to) && (await limits.takeNotice())) await deliver(message, personId)
    })
  }

  return {
    reaches,
    async send(ctx, asked) {
      const { purpose, phone: to, portal, personId, deliver: wanted } = asked
      const request = requestOf(ctx)
      const { language, networks } = request
      const owner = asked.newNumber ? undefined : personId
      const { act, document } = asked
      const about: TextAsked = { phone: to, act, networks, document, knownBrowser: await knownBrowser(ctx, owner) }
      about.afterFailure = showsFailure(asked) && (await receipts.takeFailure(asked))
      const wait = await limits.ask(about)
      if (wait) return wait
      const code = await codes.make(asked)
      const text = codeText((key, values) => request.t(key, values), { purpose, code, portal, issuer })
      const message = { to, purpose, code, portal: portalName(portal), language, text }
      if (wanted)
        afterAnswer(ctx, async () => {
          if (await limits.take(about)) await deliver(message, personId, asked)
        })
      return undefined
    },
    check: codes.check,
    failed: async (code) => showsFailure(code) && receipts.failed(code),
    enabled: texts.enabled,
    informOfChange(ctx, about) {
      const request = requestOf(ctx)
      const { portal } = about
      inform(
        ctx,
        'bind',
        about,
        changeText((key, values) => request.t(key, values), { portal, helpline }),
      )
    },
    informOfRecovery(ctx, { token, ...about }) {
      const request = requestOf(ctx)
      const url = `${issuer}/recover/stop/${token}`
      inform(
        ctx,
        'recover',
        about,
        recoveredText((key, values) => request.t(key, values), url),
      )
    },
    async settled() {
      await Promise.all(running)
    },
  }
}
