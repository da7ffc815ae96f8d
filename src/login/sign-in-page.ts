import type { Settings } from '../config/settings.ts'
import { loginMethods } from '../login-methods.ts'
import { mayBeCompressed } from '../pages/compress-page.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { refusals } from '../refusal/refusal.ts'
import { arrange, type Shown } from './arrange.ts'
import { pathOf, type Attempt } from './attempt.ts'
import type { LoginMethod, LoginRefusal, PartData, RouterContext } from './method.ts'

export interface SignInPageDeps {
  methods: readonly LoginMethod[]
  limits: Pick<Settings['limits'], 'passwordTries' | 'passwordWaitSeconds'>
}

/** The sign-in page of a running login; a method may answer the first look at it. */
export async function askToSignIn(deps: SignInPageDeps, ctx: RouterContext, attempt: Attempt): Promise<void> {
  for (const method of deps.methods) if (await method.goesOn?.(ctx, attempt)) return
  return showSignInPage(deps, ctx, attempt)
}

/** Shows the sign-in page of a running login, with the refusal of the last try above its form. */
export async function showSignInPage(
  deps: SignInPageDeps,
  ctx: RouterContext,
  attempt: Attempt,
  refusal?: LoginRefusal,
): Promise<void> {
  if (refusal?.waitMinutes) ctx.set('retry-after', String(refusal.waitMinutes * 60))
  const about = await waysOf(deps.methods, ctx, attempt, refusal)
  const asks = requestOf(ctx).elder ? 'login/elder-start' : 'login/sign-in'
  showPage(
    ctx,
    about.ways.length === 1 ? 'login/one-way' : asks,
    {
      ...about,
      purpose: await purposeOf(deps.methods, ctx, attempt),
      note: await noteOf(deps.methods, ctx, attempt),
      portal: attempt.portal,
      refusal: refusal?.code,
      waitMinutes: refusal?.waitMinutes ?? Math.ceil(deps.limits.passwordWaitSeconds / 60),
      tries: deps.limits.passwordTries,
      registerUrl: pathOf(attempt, 'register'),
      cancelAction: pathOf(attempt, 'cancel'),
      container: requestOf(ctx).container,
      level: attempt.needed,
      reauthentication: attempt.session !== undefined,
      administers: attempt.client.administers === true,
      csrf: requestOf(ctx).csrf(),
    },
    refusal ? refusals[refusal.code] : 200,
  )
  mayBeCompressed(ctx)
}

/** What a method says that this sign-in is for; undefined where it is for the portal. */
async function purposeOf(methods: readonly LoginMethod[], ctx: RouterContext, attempt: Attempt) {
  for (const method of methods) {
    const purpose = await method.purpose?.(ctx, attempt)
    if (purpose) return purpose
  }
  return undefined
}

async function noteOf(methods: readonly LoginMethod[], ctx: RouterContext, attempt: Attempt) {
  for (const method of methods) {
    const note = await method.note?.(ctx, attempt)
    if (note) return note
  }
  return undefined
}

/** The methods that this login offers, as the page shows them on this device. */
async function waysOf(
  methods: readonly LoginMethod[],
  ctx: RouterContext,
  attempt: Attempt,
  refusal: LoginRefusal | undefined,
) {
  const { elder, lastWay: last, deviceKind, container } = requestOf(ctx)
  const { administers } = attempt.client
  const all = await Promise.all(
    methods.map(async (method) => {
      const declared = loginMethods.find(({ name }) => name === method.name)
      const here = (!administers || method.strongEnoughForAdmin) && (await method.offered(attempt, ctx))
      return declared && here ? [{ ...declared, method }] : []
    }),
  )
  const offered = all.flat()
  const device = methods.some((method) => method.atKiosk?.(attempt)) ? 'kiosk' : deviceKind
  const asked = typeof ctx.query['way'] === 'string' ? ctx.query['way'] : undefined
  const chosen = asked ?? (elder ? refusal?.method : undefined)
  const here = refusal ? undefined : methods.find((method) => method.here?.(ctx, attempt))?.name
  const arranged = arrange(offered, {
    device,
    elder,
    chosen,
    here,
    last: refusal ? undefined : last,
    inApp: container !== undefined,
  })
  const ways = await Promise.all(
    arranged.map(({ method: { method, signIn }, shown }) =>
      wayOf(method, { ctx, attempt, refusal, shown, icon: signIn.icon, scripted: signIn.scripted }),
    ),
  )
  const startUrl = offered.length > 1 && chosen !== undefined ? pathOf(attempt) : undefined
  return { ways, device, startUrl }
}

interface WayOptions {
  ctx: RouterContext
  attempt: Attempt
  refusal: LoginRefusal | undefined
  shown: Shown
  icon: string
  scripted: boolean
}

async function wayOf(method: LoginMethod, options: WayOptions): Promise<PartData> {
  const { ctx, attempt, refusal, shown, icon, scripted } = options
  const { name } = method
  const hint = attempt.params['login_hint']
  // a row or a tile is a link only
  const part = shown === 'row' || shown === 'tile' ? undefined : await method.part?.(ctx, attempt)
  return {
    ...part,
    name,
    shown,
    icon,
    scripted,
    href: `${pathOf(attempt)}?way=${name}`,
    action: pathOf(attempt, name),
    csrf: requestOf(ctx).csrf(),
    registerUrl: attempt.client.administers ? undefined : pathOf(attempt, 'register'),
    identifier: refusal?.identifier ?? (typeof hint === 'string' ? hint.slice(0, 64) : ''),
    refusal: refusal?.method === name ? refusal.code : undefined,
    last: requestOf(ctx).lastWay === name,
  }
}
