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
/** Seconds. The field `once` is new in each page: the same value is never a new wish. */
const onceTtl = 3600
/** Milliseconds. */
const longestForm = 5000

/** The paths whose forms change something once. */
const rooms = /^\/(?:account|recover|q)(?:\/|$)/
/** A form of a running login. After its resume the login has its own memory (oidc/went-on.ts). */
const logins = /^\/login\/([\w-]+)\//

/**
 * One form, sent twice by one browser, goes where the first one went: the second waits for the first. A later one that is refused,
 * because its act is done or its session ended, goes there too; and one with a field `once` does in any case.
 */
export function sameFormOnce(artifacts: Pick<Artifacts, 'add' | 'get' | 'put' | 'remove'>): Middleware {
  return async (ctx, next) => {
    const ours = rooms.test(ctx.path) || logins.test(ctx.path)
    if (ctx.method !== 'POST' || !ours || ctx.accepts('html', 'json') === 'json') return next()
    const id = idOf(ctx)
    if (await artifacts.add(kind, id, running, { ttl })) return first(artifacts, ctx, id, next)
    const before = await artifacts.get(kind, id)
    const known = before === running ? await answerOfFirst(artifacts, id) : before
    if (known === undefined) return next()
    // a login runs again: the browser may have lost the cookies of the first answer
    const isDone = known !== login && (before === running || isOnce(ctx))
    return isDone ? lead(ctx, known) : orLead(ctx, known, next)
  }
}

const isOnce = (ctx: Context) => requestOf(ctx).form['once'] !== undefined

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
    if (ctx.status !== 303) return
    if (location.endsWith(loginOf(ctx, '/authorize/'))) target = login
    // a cookie of the answer is lost with the answer: such a form runs again
    else if (isAnswer(location) && ctx.res.getHeader('set-cookie') === undefined) target = location
  } finally {
    if (target === undefined) await artifacts.remove(kind, id)
    else await artifacts.put(kind, id, target, { ttl: isOnce(ctx) ? onceTtl : ttl })
  }
}

/** A redirect to anywhere else asks for a sign-in first: the form has done nothing. */
const isAnswer = (location: string) => rooms.test(location) || location === '/'

/** A login leads where it is now. The store gets a word in the place of the address, which names the login. */
const login = 'login'
const loginOf = ({ path }: Context, before = '/login/') => `${before}${logins.exec(path)?.[1]}`

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
  const location = ctx.response.get('location')
  // the first one may have ended the session
  if (ctx.status >= 400 || (location !== '' && !isAnswer(location))) lead(ctx, target)
}

function lead(ctx: Context, target: string): void {
  ctx.body = null
  ctx.status = 303
  ctx.redirect(target === login ? `${loginOf(ctx)}?again` : target)
}
