/** Deliveries under way in a process. A delivery waits for the network, and takes little else. */
const atOnce = 64
/** Of these, to one portal. */
export const share = 4
/** To a portal whose last delivery failed: one that hangs must not delay the others. */
const shareAfterFailure = 1

export type PortalShares = ReturnType<typeof createPortalShares>

/** Counts the deliveries under way, of all portals and of each. */
export function createPortalShares() {
  const underWay = new Map<string, number>()
  const failing = new Set<string>()
  let all = 0

  const isFull = (portal: string) => (underWay.get(portal) ?? 0) >= (failing.has(portal) ? shareAfterFailure : share)
  const end = (portal: string) => {
    all -= 1
    const left = (underWay.get(portal) ?? 1) - 1
    if (left > 0) underWay.set(portal, left)
    else underWay.delete(portal)
  }
  return {
    /** Free places of the process. */
    free: () => atOnce - all,
    /** Portals that get no further delivery now. */
    full: () => [...underWay.keys()].filter(isFull),
    /** Takes a place; false when there is none for this portal. */
    take(portal: string): boolean {
      if (all >= atOnce || isFull(portal)) return false
      all += 1
      underWay.set(portal, (underWay.get(portal) ?? 0) + 1)
      return true
    },
    /** Gives back a place without a delivery. */
    giveBack: end,
    ended(portal: string, failed: boolean) {
      end(portal)
      if (failed) failing.add(portal)
      else failing.delete(portal)
    },
  }
}
