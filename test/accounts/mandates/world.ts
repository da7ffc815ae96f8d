import fc from 'fast-check'
import { decide, mostManagers, type Act } from '../../../src/accounts/mandates/decide-act.ts'
import { everything } from '../../../src/accounts/mandates/matters.ts'
import { downScope, granted, type Affairs } from '../../../src/accounts/mandates/mandate-rules.ts'

const people = ['ann', 'bao', 'chen', 'du', 'e']
const matters = ['tax.filing', 'social-insurance', 'licence.apply']
const day = 86_400_000

/** Events of a company, by people with and without rights. */
type Step =
  | { do: 'offer'; by: string; role: 'manager' | 'handler'; matters: string[]; from: number; days: number }
  | { do: 'accept' | 'end' | 'confirm'; by: string; which: number }
  | { do: 'wait'; days: number }
  | { do: 'register'; representative: string }
  | { do: 'open'; by: string }
  | { do: 'suspend' | 'resume' | 'unreachable' | 'reachable' }
  | { do: 'token'; by: string; wanted: string[] | undefined }

const person = fc.constantFrom(...people)
/** Mostly people with rights: a story of strangers only has refusals only. */
const giver = fc.constantFrom('ann', 'ann', 'the manager', 'the manager', 'bao')
const some: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 4, arbitrary: fc.subarray(matters, { minLength: 1 }) },
  { weight: 1, arbitrary: fc.constant<string[]>([everything]) },
)
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('offer' as const),
      by: giver,
      role: fc.constantFrom('manager' as const, 'handler' as const),
      matters: some,
      from: fc.constantFrom(0, 0, 0, 20),
      days: fc.constantFrom(1, 30, 365),
    }),
  },
  {
    weight: 24,
    arbitrary: fc.record({
      do: fc.constantFrom('accept' as const, 'accept' as const, 'accept' as const, 'end' as const, 'confirm' as const),
      by: person,
      which: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.constantFrom(1, 25, 200) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('register' as const), representative: fc.constantFrom('ann', 'bao') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('open' as const), by: fc.constantFrom('ann', 'ann', 'bao', 'chen') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'suspend' as const,
        'resume' as const,
        'resume' as const,
        'resume' as const,
        'unreachable' as const,
        'reachable' as const,
        'reachable' as const,
        'reachable' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('token' as const),
      by: person,
      wanted: fc.option(some, { nil: undefined }),
    }),
  },
)

/** A simple model of gifts: giver, receiver, matters. Independent of the rules under test. */
interface Gift {
  giver: string
  holder: string | undefined
  role: 'manager' | 'handler'
  matters: string[]
  from: number
  until: number
  /** The gift that made the giver a manager; none for a gift of the representative. */
  out: Gift | undefined
  dead: boolean
  frozen: boolean
}

/** As `expect`, but fast enough for a million comparisons. */
function same(one: boolean, other: boolean, what: string) {
  if (one !== other) throw new Error(`${what}: ${one}, not ${other}`)
}

/** A company with the rules under test and the model. */
export class World {
  now = 0
  representative = 'ann'
  confirmed: string | undefined = 'ann'
  suspended = false
  reachable = true
  gifts: Gift[] = []
  affairs: Affairs = {
    principal: { id: 'acme', kind: 'legal_person', ownerId: 'ann', standing: true },
    mandates: [],
    notInGoodStanding: new Set(),
  }
  effects = { tokens: 0, refreshed: 0, accepted: 0, cascades: 0 }
  tokens: { by: string; wanted: string[] | undefined; had: string[] }[] = []

  /** Whether a person may act in a matter now, by the gifts only. */
  may(who: string, matter: string): boolean {
    const well = !this.suspended && this.reachable && this.confirmed === this.representative
    if (!well) return false
    if (who === this.confirmed) return true
    return this.gifts.some((gift) => gift.holder === who && this.good(gift, matter))
  }

  good(gift: Gift, matter: string): boolean {
    return (
      !gift.dead &&
      !gift.frozen &&
      gift.holder !== undefined &&
      gift.from <= this.now &&
      this.now < gift.until &&
      (gift.matters.includes(matter) || gift.matters.includes(everything)) &&
      (gift.out ? gift.out.holder === gift.giver && this.good(gift.out, matter) : gift.giver === this.confirmed)
    )
  }

  /** One of the fitting mandates; any where none fits. */
  pick(which: number, sensible: (gift: Gift) => boolean = (gift) => !gift.dead): [string, Gift | undefined] {
    const fitting = this.gifts.filter(sensible)
    const from = fitting.length > 0 ? fitting : this.gifts
    const gift = from[which % Math.max(1, from.length)]
    return [String(gift ? this.gifts.indexOf(gift) : which), gift]
  }

  manager(holder?: string): Gift | undefined {
    return this.gifts.find(
      (gift) => gift.role === 'manager' && (holder === undefined || gift.holder === holder) && this.alive(gift),
    )
  }

  settle() {
    const standing = !this.suspended && this.reachable && this.confirmed === this.representative
    this.affairs = {
      ...this.affairs,
      principal: { ...this.affairs.principal, ownerId: this.confirmed ?? null, standing },
    }
  }

  act(act: Act): boolean {
    const decision = decide(this.affairs, act, this.now)
    if (!decision.ok) return false
    const changed = new Map(decision.changed.map((mandate) => [mandate.id, mandate]))
    const unchanged = this.affairs.mandates.map((mandate) => changed.get(mandate.id) ?? mandate)
    const added = decision.changed.filter(({ id }) => !unchanged.some((mandate) => mandate.id === id))
    if (act.type === 'end' && changed.size > 1) this.effects.cascades += 1
    this.affairs = { ...this.affairs, mandates: [...unchanged, ...added] }
    return true
  }

  run(one: Step) {
    switch (one.do) {
      case 'offer': {
        const by = one.by === 'the manager' ? (this.manager()?.holder ?? 'chen') : one.by
        const until = this.now + (one.from + one.days) * day
        const from = this.now + one.from * day
        const id = String(this.gifts.length)
        const power = this.manager(by)
        const out = by === this.confirmed ? undefined : power
        const act = {
          type: 'offer',
          by,
          id,
          role: one.role,
          matters: one.matters,
          notBefore: from,
          expiresAt: until,
        } as const
        if (this.act(act))
          this.gifts.push({
            giver: by,
            holder: undefined,
            role: one.role,
            matters: one.matters,
            from,
            until,
            out,
            dead: false,
            frozen: false,
          })
        return
      }
      case 'accept': {
        const [id, gift] = this.pick(one.which, ({ holder, dead }) => holder === undefined && !dead)
        if (gift && this.act({ type: 'accept', by: one.by, id })) {
          gift.holder = one.by
          this.effects.accepted += 1
        }
        return
      }
      case 'end': {
        const [id, gift] = this.pick(one.which)
        if (gift && this.act({ type: 'end', by: one.by, id })) {
          gift.dead = true
          for (const under of this.gifts) if (under.out === gift) under.dead = true
        }
        return
      }
      case 'confirm': {
        const [id, gift] = this.pick(one.which)
        if (gift && this.act({ type: 'confirm', by: one.by, id })) {
          Object.assign(gift, { frozen: false, giver: one.by, out: undefined })
        }
        return
      }
      case 'wait':
        this.now += one.days * day
        return
      case 'register':
        if (one.representative === this.representative) return
        this.representative = one.representative
        this.confirmed = undefined
        this.settle()
        this.act({ type: 'representative-changed' })
        for (const gift of this.gifts) {
          if (gift.holder === undefined) gift.dead = true
          else gift.frozen = true
        }
        return
      case 'open':
        if (one.by === this.representative) this.confirmed = one.by
        this.settle()
        return
      case 'token': {
        this.tokens.push({ by: one.by, wanted: one.wanted, had: this.issue(one.by, one.wanted) })
        return
      }
      case 'suspend':
      case 'resume':
        this.suspended = one.do === 'suspend'
        this.settle()
        return
      case 'unreachable':
      case 'reachable':
        this.reachable = one.do === 'reachable'
        this.settle()
    }
  }

  alive(gift: Gift): boolean {
    return gift.matters.some((matter) => this.good(gift, matter))
  }

  issue(by: string, wanted: string[] | undefined): string[] {
    const now = granted(this.affairs, by, this.now)
    const got = (now && downScope(now.matters, wanted)) ?? []
    if (got.length > 0) this.effects.tokens += 1
    return got
  }

  /** Tokens have exactly the granted matters; the same after a refresh. */
  check() {
    for (const who of people) {
      const got = this.issue(who, undefined)
      for (const matter of matters) {
        const has = got.includes(matter) || got.includes(everything)
        same(has, this.may(who, matter), `${who} ${matter}`)
        same(this.issue(who, [matter]).length > 0, this.may(who, matter), `${who} ${matter} alone`)
      }
      if (got.includes(everything)) same(this.may(who, 'a matter of the future'), true, `${who} everything`)
    }
    for (const token of this.tokens) {
      const again = this.issue(token.by, token.wanted)
      if (again.length > 0) this.effects.refreshed += 1
      for (const matter of again) {
        same(this.may(token.by, matter === everything ? 'a matter of the future' : matter), true, 'refreshed')
        if (token.wanted) same(token.wanted.includes(matter), true, 'more than was asked for')
      }
    }
    const managers = this.affairs.mandates.filter(
      ({ role, state, expiresAt }) => role === 'manager' && state !== 'ended' && expiresAt > this.now,
    )
    same(managers.length <= mostManagers, true, 'managers')
  }
}
