import type { LibraryName } from '../../src/admin/clients/libraries/libraries.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'

/** One example of a portal with an unmodified library, as data. */
export interface Example {
  name: string
  /** Its folder in `examples/`. */
  folder: string
  /** Programs on PATH that it needs. */
  needs: string[]
  /** Commands that fail where the machine lacks something else. */
  tries?: string[][]
  /** Commands that ask a package registry. One that fails is a skip. They run in a copy of the folder. */
  fetch: string[][]
  /** Commands that build it without a registry. One that fails is a failure. */
  compile?: string[][]
  /** It starts with what `client create --for` prints, pasted into the files that the text names. */
  template?: LibraryName
  /** Addresses in the printed text that a test replaces by free ones, each under the name of its setting. */
  ports?: Record<string, string>
  /** Where in its folder those files belong; the folder itself unless given. */
  pasteAt?: string
  /** Commands that build it with the pasted files, without a registry. */
  assemble?: string[][]
  /** The command that starts it. `directory` is where it was built, with the pasted files where it has a template. */
  start: (place: { directory: string; port: number; issuer: string; clientId: string }) => string[]
  /** Paths at the portal. */
  login: string
  callback: string
  /** Left out where the library has none. */
  backchannel?: string
  /** Answers `refreshed` after it got new tokens by the refresh token. */
  refresh?: string
  /** Begins a sign-out at Yideng, which sends the browser back to `signedOut`. */
  signOut?: {
    path: string | ((portal: { url: string; issuer: string; clientId: string }) => string)
    signedOut: string
  }
  /** A page that shows the name of the person who is signed in. */
  home: string
  /** What that page shows where it has no name. */
  shows?: string
  /** Fields of the registration that differ from the usual ones. */
  registration?: Partial<ClientInput>
  /** The number of seconds for which it asks for no new keys. */
  keysSeconds?: number
  /** Faulty answers that the library takes, with the reason in docs/portals.md. */
  takes?: string[]
}
