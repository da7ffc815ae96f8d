import { randomInt } from 'node:crypto'
import type { Middleware } from 'koa'
import { Counter, Gauge, type Registry } from 'prom-client'
import { tifProfiles } from '../config/legacy-protocols.ts'
import { Refusal } from '../refusal/refusal.ts'

/** Where a sign-in or a registration begins. All other requests go on with one, and are never refused here. */
const beginnings: ReadonlySet<string> = new Set([
  '/authorize',
  '/cas/login',
  '/register',
  ...tifProfiles.map(({ base }) => `${base}/authorize`),
])

/** Milliseconds between two looks at the event loop. */
const lookMs = 50
/** A look counts this much of the mean, so that one collection of memory is no overload. */
const weight = 0.2
/** How far the share moves in a second, where the loop is at twice its bound or idle. */
const stepPerSecond = 0.5
/** A machine that slept for a minute has no minute of overload behind it. */
const longestStepMs = 500
/** One look counts for no more than this many bounds, for the same reason. */
const mostBounds = 4
/** Some people always come in, and show whether there is room again. */
const mostRefused = 0.95
/** Retry-After in seconds, at random between these, so that people do not come back at once. */
const waits = { least: 5, most: 30 }

/** How late the event loop is, and which share of beginnings is refused for it. */
export interface Load {
  /** Mean milliseconds by which timers are late. */
  lateMs: number
  /** 0 to 1. */
  share: number
}

/**
 * The load after one look. The share moves until the loop is as late as its bound.
 * @internal
 */
export function loadAfter({ lateMs, share }: Load, look: { lateMs: number; elapsedMs: number; busyMs: number }): Load {
  const mean = lateMs + weight * (Math.min(look.lateMs, mostBounds * look.busyMs) - lateMs)
  const over = Math.max(-1, Math.min(2, mean / look.busyMs - 1))
  const moved = share + over * stepPerSecond * (Math.min(longestStepMs, look.elapsedMs) / 1000)
  return { lateMs: mean, share: Math.max(0, Math.min(mostRefused, moved)) }
}

/** From 0 to below 1. */
const chance = () => randomInt(2 ** 32) / 2 ** 32

export interface Admission {
  middleware: Middleware
  /** Whether beginnings are refused now: work in the background yields. */
  isBusy(): boolean
  stop(): void
}

/**
 * Refuses a part of new sign-ins while the process is too busy. Those under way end in good time.
 * @param options.busyMs mean milliseconds by which the event loop may be late; 0: nothing is ever refused
 */
export function createAdmission(options: { busyMs: number; registry: Registry; random?: () => number }): Admission {
  const { busyMs, registry, random = chance } = options
  const registers = [registry]
  let load: Load = { lateMs: 0, share: 0 }
  let last = performance.now()
  const look = () => {
    const now = performance.now()
    const elapsedMs = now - last
    last = now
    load = loadAfter(load, { lateMs: Math.max(0, elapsedMs - lookMs), elapsedMs, busyMs })
  }
  const timer = busyMs > 0 ? setInterval(look, lookMs).unref() : undefined
  const refused = new Counter({
    name: 'yideng_beginnings_refused_total',
    help: 'New sign-ins and registrations that were refused because the process was too busy',
    registers,
  })
  const share: Gauge = new Gauge({
    name: 'yideng_beginnings_refused_share',
    help: 'Share of new sign-ins and registrations that are refused now',
    aggregator: 'max',
    registers,
    collect() {
      share.set(load.share)
    },
  })
  return {
    isBusy: () => load.share > 0,
    stop: () => clearInterval(timer),
    middleware(ctx, next) {
      if (load.share === 0 || !beginnings.has(ctx.path) || random() >= load.share) return next()
      refused.inc()
      const seconds = Math.round(waits.least + random() * (waits.most - waits.least))
      throw new Refusal('busy', `the event loop is ${Math.round(load.lateMs)} ms late`, seconds)
    },
  }
}
