import { isIPv4 } from 'node:net'
import type { Counted } from '../../config/address-networks.ts'
import type { Clock } from '../../config/clock.ts'
import { daySeconds } from '../../config/time.ts'
import { addressKeys } from '../../keys/address-keys.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { createLimits, type Limit } from '../limits.ts'
import { createDayBudget, type DayBudget } from './day-budget.ts'

const hour = 3600
/** One number in browsers that its account does not know: five texts an hour, ten a day. */
const ofNumber: readonly Limit[] = [
  { name: 'text-number', most: 5, seconds: hour },
  { name: 'text-number-day', most: 10, seconds: daySeconds, longest: daySeconds },
]
/** One network asks for three of them, so that no single one uses up the ten. */
const ofNumberInNetwork: Limit = { name: 'text-number-network', most: 3, seconds: daySeconds, longest: daySeconds }
/** One number with one document number beside it: a stranger with the number alone does not stop its owner. */
const ofDocument: Limit = { name: 'text-number-document', most: 5, seconds: daySeconds, longest: daySeconds }
/** One act, such as a running login: a text a minute. */
const ofAct: Limit = { name: 'text-pause', most: 1, seconds: 60, longest: 60 }
/** One number in a browser that the account knows. */
const ofKnownBrowser: readonly Limit[] = [
  { name: 'text-number-known', most: 10, seconds: daySeconds, longest: daySeconds },
]
/** Numbers that a carrier assigns together: the first seven digits of a mobile number of the mainland are 10,000 numbers. */
const ofPrefix: Limit = { name: 'text-prefix', most: 100, seconds: hour, longest: 4 * hour }
/** An IPv4 /24 counts as eight addresses, as an IPv6 /48 counts as sixteen /64. */
const wideFactor = 8
/** Of the day's budget, the share of each country but the first of the settings. */
const foreignShare = 0.05
/** Of the day's budget, the share of browsers that accounts know. */
const knownShare = 0.2

/** Why no text is sent, and the seconds until one may be. */
export interface TextWait {
  /** `budget`: no number gets a text now. */
  by: 'network' | 'number' | 'prefix' | 'country' | 'budget'
  seconds: number
}

export interface TextAsked {
  phone: string
  /** The act that a text was asked for before: it has one a minute for one number. */
  act: string
  networks: readonly Counted[]
  /** Identifies the browser, where the account knows it: strangers' counts do not stop it. */
  knownBrowser?: string | undefined
  /** A document number that was typed with the telephone number, normalised. The counts do not ask for its owner. */
  document?: string | undefined
  /** The text before is known to have failed: the pause of the act does not count, the other limits do. */
  afterFailure?: boolean
}

/** An alarm: a limit against pumping was reached. Raised once, when it is reached. */
export type Alarm = (by: 'prefix' | 'country' | 'budget') => Promise<void>

/** Limits of texts, against guesses, annoyance and pumping (bought texts to numbers that pay the caller). */
export interface TextLimits {
  /** Counts one request for a text, whether it will be sent or not; undefined where it may be sent. */
  ask(asked: TextAsked): Promise<TextWait | undefined>
  /** Counts a text that is sent; false where the budget is used up since. */
  take(asked: TextAsked): Promise<boolean>
  /** Counts a text that tells an owner of a change, in the share that strangers cannot use up; false where that is used up. */
  takeNotice(): Promise<boolean>
}

export function createTextLimits(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  countries: readonly string[]
  dayBudget: number
  /** Texts of one network in an hour. */
  addressTexts: number
  alarm: Alarm
  clock: Clock
}): TextLimits {
  const { artifacts, blindIndex, countries, dayBudget, addressTexts, alarm, clock } = options
  const limits = createLimits(artifacts, clock)
  const ofNetwork: Limit = { name: 'text-network', most: addressTexts, seconds: hour, longest: 4 * hour }
  const ofCountry: Limit = {
    name: 'text-country',
    most: Math.ceil(dayBudget * foreignShare),
    seconds: daySeconds,
    longest: daySeconds,
  }
  /** Strangers cannot use up the share of browsers that accounts know. */
  const kept = Math.ceil(dayBudget * knownShare)
  const budgets = {
    known: createDayBudget(artifacts, 'known', kept),
    stranger: createDayBudget(artifacts, 'stranger', dayBudget - kept),
  }
  async function takeOf(budget: DayBudget): Promise<boolean> {
    const { over, last } = await budget.take()
    if (last) await alarm('budget')
    return !over
  }
  const budgetOf = ({ knownBrowser }: TextAsked) => (knownBrowser === undefined ? budgets.stranger : budgets.known)
  const numberKey = (phone: string, ...also: readonly string[]) =>
    blindIndex('text-number', [...also, phone].join('\0'))
  const countryOf = (phone: string) => countries.find((code) => phone.startsWith(`+${code}`)) ?? ''

  /** Counts one event, and raises the alarm where it is the first over the limit. */
  async function countWithAlarm(limit: Limit, key: string, by: 'prefix' | 'country'): Promise<number> {
    const { wait, exceeded } = await limits.countFirst(limit, key)
    if (!exceeded) return wait
    await alarm(by)
    return limits.waiting(limit, key)
  }

  async function firstWait(asked: readonly Limit[], key: string): Promise<number> {
    for (const limit of asked) {
      const wait = await limits.count(limit, key)
      if (wait > 0) return wait
    }
    return 0
  }

  /** Counts for the number and its range. @param widest the widest network of the request */
  async function waitOfNumber({ phone, document }: TextAsked, widest: string): Promise<TextWait | undefined> {
    const number =
      document === undefined
        ? (await limits.count(ofNumberInNetwork, numberKey(phone, widest))) ||
          (await firstWait(ofNumber, numberKey(phone)))
        : await limits.count(ofDocument, numberKey(phone, 'document', document))
    if (number > 0) return { by: 'number', seconds: number }
    if (document !== undefined) return undefined
    const prefix = await countWithAlarm(ofPrefix, blindIndex('text-prefix', prefixOf(phone)), 'prefix')
    return prefix > 0 ? { by: 'prefix', seconds: prefix } : undefined
  }

  return {
    async ask(asked) {
      const { phone, networks, knownBrowser, document } = asked
      const pause = asked.afterFailure ? 0 : await limits.count(ofAct, numberKey(phone, asked.act, document ?? ''))
      if (pause > 0) return { by: 'number', seconds: pause }
      if (await budgetOf(asked).isUsed()) return { by: 'budget', seconds: hour }
      if (knownBrowser !== undefined && document === undefined) {
        const own = await firstWait(ofKnownBrowser, numberKey(phone, knownBrowser))
        return own > 0 ? { by: 'number', seconds: own } : undefined
      }
      const ofWidth = addressKeys(blindIndex, { networks: [...networks, ...wider(networks)] })
      const network = await limits.count(ofNetwork, ofWidth)
      if (network > 0) return { by: 'network', seconds: network }
      const number = await waitOfNumber(asked, ofWidth.at(-1)?.key ?? '')
      if (number) return number
      const code = countryOf(phone)
      const country = code === countries[0] ? 0 : await countWithAlarm(ofCountry, code, 'country')
      return country > 0 ? { by: 'country', seconds: country } : undefined
    },
    take: (asked) => takeOf(budgetOf(asked)),
    takeNotice: () => takeOf(budgets.known),
  }
}

/** The /24 of an IPv4 address; the wider networks of an IPv6 address are among its own already. */
const wider = ([narrowest]: readonly Counted[]): Counted[] =>
  narrowest && isIPv4(narrowest.key) ? [{ key: `${narrowest.key.replace(/\.\d+$/, '')}.0/24`, factor: wideFactor }] : []

/** The country code with the seven digits that follow, or fewer for other countries. */
const prefixOf = (phone: string) => (phone.startsWith('+86') ? phone.slice(0, 10) : phone.slice(0, 7))
