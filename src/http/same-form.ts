import type { Context, Middleware } from 'koa'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { readUntil } from '../storage/read-until.ts'

const kind = 'SameForm'
const running = 'running'
/** Seconds: a double click, Back and one more try. */
const ttl = 60
/** Milliseconds. */
const longestForm = 5000

/** The paths whose forms change something once. A running login has its own memory (oidc/went-on.ts). */
const rooms = /^\/(?:account|recover)(?:\/|$)/

/**
 * One form, sent twice by one browser, goes where the first one went: the second waits for the first. A later one that is refused,
 * because its act is done, goes there too.
 */
export function sameFormOnce(artifacts: Pick<Artifacts, 'add' | 'get' | 'put' | 'remove'>): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST' || !rooms.test(ctx.path) || ctx.accepts('html', 'json') === 'json') return next()
    const id = idOf(ctx)
    if (await artifacts.add(kind, id, running, { ttl })) return first(artifacts, ctx, id, next)
    const known = await artifacts.get(kind, id)
    if (known === running) {
      const target = await answerOfFirst(artifacts, id)
      return target === undefined ? next() : lead(ctx, target)
    }
    return known === undefined ? next() : orLead(ctx, known, next)
  }
}

/** The token names the browser; a reader of the store learns neither it nor the fields. */
function idOf(ctx: Context): string {
  const { form } = requestOf(ctx)
  return hashId(JSON.stringify([ctx.path, ...Object.entries(form)]))
}

async function first(
  artifacts: Pick<Artifacts, 'put' | 'remove'>,
  ctx: Context,
  id: string,
  next: () => Promise<unknown>,
) {
  let target: string | undefined
  try {
    await next()
    const location = ctx.response.get('location')
    if (ctx.status === 303 && rooms.test(location)) target = location
  } finally {
    if (target === undefined) await artifacts.remove(kind, id)
    else await artifacts.put(kind, id, target, { ttl })
  }
}

/** Undefined where the first form was refused, or runs too long. */
async function answerOfFirst(artifacts: Pick<Artifacts, 'get'>, id: string): Promise<string | undefined> {
  const isSettled = (known: string | undefined) => known !== running
  const known = await readUntil(() => artifacts.get(kind, id), isSettled, { most: longestForm })
  return isSettled(known) ? known : undefined
}

async function orLead(ctx: Context, target: string, next: () => Promise<unknown>): Promise<void> {
  try {
    await next()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    lead(ctx, target)
    return
  }
  if (ctx.status >= 400) lead(ctx, target)
}

function lead(ctx: Context, target: string): void {
  ctx.body = null
  ctx.status = 303
  ctx.redirect(target)
}
