import { regionName } from '../../../config/regions.ts'
import { attributesOf } from '../../../oidc/claims.ts'
import { portalOf, type PagePortal } from '../../../oidc/pages.ts'
import { nameBrowser } from '../../../pages/browser-name.ts'
import type { Language } from '../../../pages/languages.ts'
import { openComputer } from './computer/computer-seal.ts'
import { sameNetwork, type RegionOf } from '../../../config/networks.ts'
import type { QrDeps } from './qr-deps.ts'
import { riskTable } from './risk.ts'
import type { QrTransaction } from './states.ts'

/** All that the person sees before they let a computer sign in. */
export interface QrContext {
  portal: PagePortal
  level: number
  legalPerson: boolean
  /** Names of the attributes asked for (words under `attributes`). */
  attributes: string[]
  computer: { browser: string; system: string; region: string; sameNetwork: boolean }
  secondsAgo: number
}

/** The waiting computer in words that a person knows; its region by code (GB/T 2260), undefined where it is not listed. */
export function computerOf(deps: QrDeps & { regionOf: RegionOf }, transaction: QrTransaction, phoneAddress: string) {
  const { address, browser } = openComputer(deps.cipher, transaction)
  return {
    ...nameBrowser(browser),
    region: deps.regionOf(address),
    sameNetwork: sameNetwork(phoneAddress, address, riskTable.samePrefix),
  }
}

export async function contextOf(
  deps: QrDeps & { regionOf: RegionOf },
  transaction: QrTransaction,
  phone: { address: string; language: Language },
): Promise<QrContext> {
  const client = await deps.findClient(transaction.clientId)
  const computer = computerOf(deps, transaction, phone.address)
  const { region } = computer
  return {
    portal: {
      ...(client ? portalOf(client, phone.language) : { name: '', organisation: '', region: '', colour: '' }),
      host: transaction.domain,
    },
    level: transaction.level,
    legalPerson: transaction.legalPerson,
    attributes: attributesOf(transaction.scopes, transaction.claims),
    computer: { ...computer, region: region === undefined ? '' : regionName(region, phone.language) },
    secondsAgo: Math.max(0, Math.round((deps.clock() - transaction.createdAt) / 1000)),
  }
}
