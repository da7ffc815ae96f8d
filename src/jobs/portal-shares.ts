/** Deliveries under way in a process. A delivery waits for the network, and takes little else. */
const atOnce = 64
/** Of these, to one portal that took the last one. */
export const share = 4
/** To a portal that did not, or of which nothing is known yet: one that hangs must not delay the others. */
const shareWithoutAnswer = 1
/** To all portals whose last delivery failed, and to all unknown ones. */
const ofFailing = 16
const ofUnknown = 32

type Standing = 'answers' | 'fails' | 'unknown'

const most: Readonly<Record<Standing, { each: number; all: number }>> = {
  answers: { each: share, all: atOnce },
  fails: { each: shareWithoutAnswer, all: ofFailing },
  unknown: { each: shareWithoutAnswer, all: ofUnknown },
}

export type PortalShares = ReturnType<typeof createPortalShares>

/** Counts the deliveries under way: of all portals, of each, and of those that fail or are unknown. */
export function createPortalShares() {
  const underWay = new Map<string, number>()
  const known = new Map<string, Standing>()
  const of = (portal: string): Standing => known.get(portal) ?? 'unknown'
  let last = ''

  const many = (counts: (portal: string) => boolean) =>
    [...underWay].reduce((sum, [portal, count]) => (counts(portal) ? sum + count : sum), 0)
  const free = () => atOnce - many(() => true)
  const isCrowded = (standing: Standing) => many((portal) => of(portal) === standing) >= most[standing].all
  const isFull = (portal: string) => (underWay.get(portal) ?? 0) >= most[of(portal)].each || isCrowded(of(portal))
  const end = (portal: string) => {
    const left = (underWay.get(portal) ?? 1) - 1
    if (left > 0) underWay.set(portal, left)
    else underWay.delete(portal)
  }
  return {
    /** Free places of the process. */
    free,
    /** Portals that get no further delivery now. */
    full: (): string[] => [...new Set([...underWay.keys(), ...known.keys()])].filter(isFull),
    /** The portal that took a place last. Those after it come first, so that a long queue delays no other portal. */
    last: () => last,
    /** Takes a place; false when there is none for this portal. */
    take(portal: string): boolean {
      if (free() <= 0 || isFull(portal)) return false
      underWay.set(portal, (underWay.get(portal) ?? 0) + 1)
      last = portal
      return true
    },
    /** Gives back a place without a delivery. */
    giveBack: end,
    ended(portal: string, failed: boolean) {
      end(portal)
      known.set(portal, failed ? 'fails' : 'answers')
    },
  }
}
