import type { ProofOfPerson } from './algorithms.ts'
import type { Budget } from './budget.ts'
import type { DocumentedSettings } from './setting-types.ts'

/** One kind of try that is counted and delayed, and for whom it counts (docs/tries.md). */
export interface CountedTries {
  /** Where the counts are stored: names of limits, kinds of wrong-try counts. */
  readonly names: readonly string[]
  readonly what: string
  /**
   * `maker`: counts only for the network, browser, login, session or account that makes the tries. `target`: counts also for the
   * account, number, name or portal that the tries are about.
   */
  readonly countedFor: 'maker' | 'target'
  /** How the owner of the target goes on, in spite of a stranger's tries. */
  readonly ownersWay: string
  /** The test that shows it. */
  readonly shownBy: string
}

/**
 * How a page shows a method: `form` and `button` on it, `panel` beside it; `tile` and `row` lead to a page of the method alone.
 * The order among equals is that of src/login-methods.ts.
 */
export type Presentation = 'form' | 'button' | 'tile' | 'row' | 'panel' | 'none'

/** The method on the sign-in page. Its words are `<name>.way`, `.tile`, `.elder` and `.elder_hint`. */
export interface SignInPart {
  readonly phone: Presentation
  readonly computer: Presentation
  readonly kiosk: Presentation
  /** Name of its icon in views/icons.json. */
  readonly icon: string
  /** Whether it cannot work without script; it is not offered there. */
  readonly scripted: boolean
  /** Whether it is shown alone in a browser whose last sign-in used it. */
  readonly aloneWhenLast: boolean
  /** Whether it often fails in the web views of apps: there it is the last row, and alone only where it is chosen or the one way. */
  readonly unsureInApps?: true
}

/**
 * What a login method adds to the tables of the server, as plain data: src/login-methods.ts merges it. Such a file imports nothing
 * but other data, so folders below login/ may read it.
 */
export interface MethodDeclaration {
  /** One word everywhere: folder, route, views, words, audit log, kind of authenticator. */
  readonly name: string
  readonly signIn: SignInPart
  /** Its authenticators sign in without another method: each is a way into the account. */
  readonly opensAccounts: boolean
  /** Its authenticators are asked for after a password, and never alone. A recovery holds all of them. */
  readonly secondFactor?: true
  /** Its ways in are links to upstreams (accounts/upstream-links.ts), no authenticators. */
  readonly byLinks?: true
  /** Field in the data of its authenticators: the vendor or CA that each is of. Without it in the settings, they are no way in. */
  readonly origin?: string
  /** Only their holder can use its authenticators, so a verified face may be bound to one. */
  readonly bindsToFace: boolean
  /** Its own cryptography that proves the person (`mipin report`); empty where there is none, as for a password. */
  readonly proofs: readonly ProofOfPerson[]
  /** HTTP status of each refusal; its words are `errors.<code>` or `refusals.<code>`. */
  readonly refusals: Readonly<Record<string, number>>
  /** Meaning of each audit event; its words are `history.<event>`. */
  readonly auditEvents: Readonly<Record<string, string>>
  /** Audit events that the person's own history leaves out. */
  readonly hiddenEvents: readonly string[]
  /** Notices to the person, each with the page that it leads to; its words are `notices.<kind>`. */
  readonly notices: Readonly<Record<string, string>>
  readonly budgets: Readonly<Record<string, Budget>>
  /** Names of budgets by route, where `/login` alone is not enough (src/http/endpoints.ts). */
  readonly endpoints: Readonly<Record<string, readonly string[]>>
  /** What it publishes to the other processes, by topic (src/storage/events.ts). */
  readonly topics: Readonly<Record<string, string>>
  /** Files of packages that its pages load, as file: addresses by name. */
  readonly browserFiles: Readonly<Record<string, string>>
  readonly countedTries: readonly CountedTries[]
  readonly settings: {
    readonly documented: DocumentedSettings
    /** @throws SettingsError */
    read(given: Record<string, string>): object
  }
}
