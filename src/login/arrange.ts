import type { Presentation, SignInPart } from '../config/method-declaration.ts'
import type { DeviceKind } from '../pages/device-kind.ts'

/** How one method is shown on one page: as its declaration says, or alone. */
export type Shown = Exclude<Presentation, 'none'> | 'alone'

export interface Situation {
  device: DeviceKind
  elder: boolean
  /** The method that the person chose, or that refused them. */
  chosen?: string | undefined
  /** The method of the app that the browser is, or that the portal asked for. */
  here?: string | undefined
  /** The method of the last sign-in of this browser. */
  last?: string | undefined
  /** The page is in the web view of an app (pages/container.ts). */
  inApp?: boolean
}

export interface Offered {
  name: string
  signIn: SignInPart
}

/** In this order on a kiosk in 关怀版: the declared way of the machine is first. */
const ranks: readonly Presentation[] = ['form', 'button', 'panel', 'tile', 'row', 'none']

/**
 * Which methods a sign-in page shows, and how (DESIGN 2.6). 关怀版 asks for one way, then shows it alone. Elsewhere a way is shown
 * alone that the person chose by a tile or a row, that belongs to the app around the page, or that this browser used last. In the
 * web view of an app, a way that often fails there is the last row.
 */
export function arrange<Method extends Offered>(
  offered: readonly Method[],
  { device, elder, chosen, here, last, inApp = false }: Situation,
): { method: Method; shown: Shown }[] {
  const fitting = offered.filter(({ signIn }) => signIn[device] !== 'none')
  const isUnsure = ({ signIn }: Offered) => inApp && signIn.unsureInApps === true
  const methods = (fitting.length > 0 ? fitting : offered).toSorted((one, other) => +isUnsure(one) - +isUnsure(other))
  const named = methods.find(({ name }) => name === chosen)
  const alone = named ?? (methods.length === 1 ? methods[0] : undefined)
  if (alone) return [{ method: alone, shown: 'alone' }]
  if (elder) return elderOrder(methods, device, here).map((method) => ({ method, shown: 'row' }))
  const known =
    methods.find(({ name }) => name === here) ??
    methods.find((method) => method.name === last && method.signIn.aloneWhenLast && !isUnsure(method))
  if (known && device !== 'kiosk') return aloneWith(known, methods)
  return methods.map((method) => ({ method, shown: isUnsure(method) ? 'row' : shownAt(method, device) }))
}

function aloneWith<Method extends Offered>(known: Method, methods: readonly Method[]) {
  const others = methods.filter((method) => method !== known).map((method) => ({ method, shown: 'row' as const }))
  return [{ method: known, shown: 'alone' as const }, ...others]
}

/** The order of the list of methods, but first that of the app or portal; on a kiosk its own way comes first. */
function elderOrder<Method extends Offered>(
  methods: readonly Method[],
  device: DeviceKind,
  here: string | undefined,
): Method[] {
  if (device !== 'kiosk') return methods.toSorted((one, other) => +(other.name === here) - +(one.name === here))
  return methods.toSorted((one, other) => ranks.indexOf(one.signIn.kiosk) - ranks.indexOf(other.signIn.kiosk))
}

function shownAt({ signIn }: Offered, device: DeviceKind): Shown {
  const shown = signIn[device]
  return shown === 'none' ? 'row' : shown
}
