/** What one operation needs, measured one kind at a time. */
export interface Demand {
  /** CPU milliseconds of our processes. */
  ours: number
  /** CPU milliseconds of PostgreSQL and of Redis. */
  postgres: number
  redis: number
  /** CPU milliseconds of the load; only on the machine of a bench. */
  load: number
  /** Round trips to the stores, one after the other. */
  roundTrips: number
  /** Milliseconds of other waits, such as a disk that confirms a commit. */
  waits: number
}

export const kinds = ['passkey', 'password', 'qr', 'flow', 'refresh', 'signOut'] as const
export type Kind = (typeof kinds)[number]
export type Mix = Record<Kind, number>

const add = (mix: Mix, demands: Record<Kind, Demand>, of: (demand: Demand) => number) =>
  kinds.reduce((sum, kind) => sum + mix[kind] * of(demands[kind]), 0)

/** The demand of a mean operation of this mix. */
export function mixed(mix: Mix, demands: Record<Kind, Demand>): Demand {
  const all = kinds.reduce((sum, kind) => sum + mix[kind], 0)
  const mean = (of: (demand: Demand) => number) => add(mix, demands, of) / all
  return {
    ours: mean(({ ours }) => ours),
    postgres: mean(({ postgres }) => postgres),
    redis: mean(({ redis }) => redis),
    load: mean(({ load }) => load),
    roundTrips: mean(({ roundTrips }) => roundTrips),
    waits: mean(({ waits }) => waits),
  }
}

/**
 * Operations a second of a closed loop: `lanes` clients share `cores`, and wait for the stores. Exact mean value analysis
 * (Reiser and Lavenberg, 1980) of one queue; several cores as one faster queue and a delay (Seidmann, 1987).
 */
export function throughput(
  demand: Demand,
  { lanes, cores, delayMs }: { lanes: number; cores: number; delayMs: number },
) {
  const cpu = demand.ours + demand.postgres + demand.redis + demand.load
  const queue = cpu / cores
  const thinking = (cpu * (cores - 1)) / cores + demand.roundTrips * 2 * delayMs + demand.waits
  let waiting = 0
  let perMs = 0
  for (let clients = 1; clients <= lanes; clients += 1) {
    const there = queue * (1 + waiting)
    perMs = clients / (there + thinking)
    waiting = perMs * there
  }
  return perMs * 1000
}

/** Of a province; the shares are assumptions of docs/deploy.md. */
const daily = 0.15
const inTheBusiestHour = 0.2
/** By sign-in: methods, portals entered, refreshes and sign-outs of a person in that hour. */
const perSignIn: Mix = { passkey: 0.2, password: 0.5, qr: 0.3, flow: 2, refresh: 2, signOut: 0.3 }
/** On each sign-in page of a computer a QR code is open. It costs this each second (bench/qr.ts). */
const openQr = { share: 0.5, seconds: 30, cpuMs: 0.06 }
/** Of flows: first consents to a portal; of sign-ins: changes of an account. */
const firstConsents = 0.05
const changes = 0.02
/** Of a core that production may use. */
const used = 0.6
/** Holders of an act's turn and the end of a chain: round trips (bench/acts.ts). */
const turnTrips = 6
const chainTrips = 3

export interface Province {
  signIns: number
  /** Cores at 60 % load. */
  ours: number
  postgres: number
  redis: number
  /** Share of time that the turn of acts is held at 2 ms each way. */
  turn: number
  /** The same for the end of a chain of one process, where one process has one core. */
  chain: number
}

/** What the peak of this many people needs. Rates are a second. */
export function province(people: number, demands: Record<Kind, Demand>, delayMs: number): Province {
  const signIns = (people * daily * inTheBusiestHour) / 3600
  const cores = (of: (demand: Demand) => number) => (signIns * add(perSignIn, demands, of)) / 1000 / used
  const qrCores = (signIns * openQr.share * openQr.seconds * openQr.cpuMs) / 1000 / used
  const ours = cores((demand) => demand.ours) + qrCores
  const held = (rate: number, trips: number) => (rate * trips * 2 * delayMs) / 1000
  return {
    signIns,
    ours,
    postgres: cores(({ postgres }) => postgres),
    redis: cores(({ redis }) => redis),
    turn: held(signIns * changes, turnTrips),
    chain: held((signIns * perSignIn.flow * firstConsents) / Math.max(1, Math.ceil(ours)), chainTrips),
  }
}

/** The resource that is full first, and by how much the peak may grow until then. Redis runs commands on one core. */
export function saturatesFirst({ redis, turn, chain }: Province, ours: number, oursGiven: number) {
  const shares = {
    'cores of Yideng': (ours * used) / oursGiven,
    Redis: redis * used,
    'turn of acts': turn,
    'chain of a process': chain,
  }
  const [name, share] = Object.entries(shares).toSorted(([, one], [, other]) => other - one)[0] ?? ['', 0]
  return { name, times: 1 / share }
}
